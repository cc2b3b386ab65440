import { setTimeout as sleep } from 'node:timers/promises'
import { createParser } from 'eventsource-parser'
import { ApiProblem } from './api-problem.ts'
import type { Client } from './client.ts'

/** Milliseconds between two attempts to get a lost stream back. */
const retryEvery = 1000

/** Milliseconds without a byte after which a stream counts as lost; the API sends a heartbeat every ten seconds. */
const silentAfter = 30_000

export interface StreamOptions {
  signal: AbortSignal
  /** Called once when the stream is lost, and once when it is back. */
  connection?: (state: 'lost' | 'back') => void
}

/** The rows of a stream to its end, across restarts of the API: each row exactly once, by their `seq`. */
export async function* streamRows<T extends { seq: number }>(
  client: Client,
  path: string,
  { signal, connection = () => {} }: StreamOptions,
): AsyncGenerator<T> {
  let lastId = ''
  let lost = false
  while (!signal.aborted) {
    try {
      for await (const event of openStream(client, path, lastId, signal)) {
        if (lost) connection('back')
        lost = false
        if (event.event === 'end') return
        if (event.id) lastId = event.id
        if (event.data) yield JSON.parse(event.data) as T
      }
    } catch (error) {
      if (signal.aborted || isFinalAnswer(error)) throw error
    }
    if (!lost) connection('lost')
    lost = true
    await sleep(retryEvery, undefined, { signal })
  }
}

/** The API understood and refused: asking again would not help. */
const isFinalAnswer = (error: unknown): boolean => error instanceof ApiProblem && error.problem.status < 500

interface StreamEvent {
  event?: string | undefined
  id?: string | undefined
  data: string
}

async function* openStream(
  client: Client,
  path: string,
  lastId: string,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(new Error('silent')), silentAfter)
  const headers = { accept: 'text/event-stream', ...(lastId ? { 'last-event-id': lastId } : {}) }
  const arrived: StreamEvent[] = []
  const parser = createParser({ onEvent: (event) => arrived.push(event) })
  const decoder = new TextDecoder()
  try {
    const answer = await client.open(path, headers, AbortSignal.any([signal, silence.signal]))
    for await (const chunk of answer.body!) {
      timer.refresh()
      parser.feed(decoder.decode(chunk, { stream: true }))
      yield* arrived.splice(0)
    }
  } finally {
    clearTimeout(timer)
  }
}
