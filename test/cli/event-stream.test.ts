import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { clientOf, type Client } from '../../cli/client.ts'
import { streamRows } from '../../cli/event-stream.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A server that gives each request the next of these answers. */
async function serve(...answers: Answer[]) {
  const server = createServer((request, response) => answers.shift()?.(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return clientOf({ url, home: '/nonexistent', token: 'a token of some length' })
}

const row = (seq: number) => `id: ${seq}\ndata: {"seq":${seq},"text":"é"}\n\n`
const end = 'event: end\ndata: {"status":"SUCCEEDED"}\n\n'

async function collect(client: ReturnType<typeof clientOf>, connection?: (state: string) => void) {
  const seen: number[] = []
  const options = { signal: AbortSignal.timeout(10_000), ...(connection ? { connection } : {}) }
  for await (const { seq } of streamRows<{ seq: number }>(client, '/stream', options)) seen.push(seq)
  return seen
}

test('a stream that is cut goes on after the last row, none twice and none lost', async () => {
  const resumedAt: unknown[] = []
  const states: string[] = []
  const client = await serve(
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      // Cut in the middle of a row.
      response.write(`${row(1)}${row(2)}id: 3\nda`, () => response.destroy())
    },
    (_request, response) => void response.writeHead(503, { 'content-type': 'text/plain' }).end('starting'),
    (request, response) => {
      resumedAt.push(request.headers['last-event-id'])
      response
        .writeHead(200, { 'content-type': 'text/event-stream' })
        .end(`${row(3)}: heartbeat\n\n${row(4)}${end}`)
    },
  )
  expect(await collect(client, (state) => states.push(state))).toEqual([1, 2, 3, 4])
  expect(resumedAt).toEqual(['2'])
  expect(states).toEqual(['lost', 'back'])
})

test('bytes that are split anywhere make the same rows', async () => {
  const client = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const bytes = Buffer.from(`${row(1)}${row(2)}${end}`)
    const send = (at: number): void => {
      if (at >= bytes.length) return void response.end()
      response.write(bytes.subarray(at, at + 3), () => setImmediate(send, at + 3))
    }
    send(0)
  })
  expect(await collect(client)).toEqual([1, 2])
})

test('a refusal is not tried again', async () => {
  const problem = {
    type: 'about:blank',
    title: 'Not found',
    status: 404,
    detail: 'Gone.',
    code: 'DeploymentNotFound',
    requestId: '1',
  }
  const client = await serve((_request, response) => {
    response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem))
  })
  await expect(collect(client)).rejects.toThrow('Gone. (DeploymentNotFound)')
})

test('a stream that does not open leaves no timer, which would keep the command alive', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const client = { open: () => Promise.reject(new Error('not now')) } as unknown as Client
  const stop = new AbortController()
  const connection = () => stop.abort(new Error('given up'))
  const rows = streamRows(client, '/stream', { signal: stop.signal, connection })
  await expect(rows.next()).rejects.toThrow()
  expect(vi.getTimerCount()).toBe(0)
})
