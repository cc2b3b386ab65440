import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { joined } from '../../web/follow-stream.ts'

/** A stream to which a test adds; counts how often more was asked for. */
function source() {
  const arrivals: (string | null)[] = []
  let wake = () => {}
  const state = { asked: 0, canceled: false }
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        state.asked++
        while (arrivals.length === 0)
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        const next = arrivals.shift()
        if (next === null || next === undefined) controller.close()
        else controller.enqueue(new TextEncoder().encode(next))
      },
      cancel() {
        state.canceled = true
      },
    },
    { highWaterMark: 0 },
  )
  return {
    stream,
    state,
    add(next: string | null) {
      arrivals.push(next)
      wake()
    },
  }
}

test('says whose the next lines are, loses none of either, and ends with both', async () => {
  const [logs, events] = [source(), source()]
  const text = new Response(joined({ logs: logs.stream, events: events.stream }, 60_000)).text()
  const added = [
    [logs, 'a'],
    [logs, 'b'],
    [events, '1'],
    [logs, 'c'],
  ] as const
  for (const [of, line] of added) {
    of.add(`${line}\n`)
    await sleep(20)
  }
  events.add(null)
  logs.add('d\n')
  logs.add(null)
  expect(await text).toBe('"logs"\na\nb\n"events"\n1\n"logs"\nc\nd\n')
})

test('is not silent for long, and loses nothing that comes after a silence', async () => {
  const logs = source()
  const { body } = new Response(joined({ logs: logs.stream }, 30))
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader()
  expect((await reader.read()).value).toBe('\n')
  expect((await reader.read()).value).toBe('\n')
  logs.add('a\n')
  let rest = ''
  while (!rest.includes('a')) rest += (await reader.read()).value
  expect(rest.replace(/^\n+/, '')).toBe('"logs"\na\n')
  await reader.cancel()
  expect(logs.state.canceled).toBe(true)
})

test('reads no further than its reader', async () => {
  const logs = source()
  for (let n = 0; n < 10; n++) logs.add(`${n}\n`)
  const reader = joined({ logs: logs.stream }, 60_000).getReader()
  await reader.read()
  await sleep(30)
  // One is given, one waits.
  expect(logs.state.asked).toBeLessThanOrEqual(3)
  await reader.cancel()
})
