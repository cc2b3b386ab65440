import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  deploymentEventSchema,
  logLineSchema,
  type Deployment,
  type LogLine,
} from '../../contract/deployment.ts'
import { addShop, deploy, end, startApi, token, type Api } from './api.ts'

let api: Api
let server: http.Server
let url = ''
let deployment: Deployment
let open: AbortController[] = []

beforeAll(async () => {
  api = await startApi()
  await addShop(api)
  server = createAdaptorServer({ fetch: api.app.fetch }) as http.Server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}, 60_000)
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await api.stop()
})
beforeEach(async () => {
  deployment = await deploy(api)
})
afterEach(async () => {
  for (const one of open) one.abort()
  open = []
  await end(api, deployment.id, 'FAILED')
})

let written = 0
async function log(...texts: string[]): Promise<void> {
  const from = await api.store.logs.position(deployment.id, 'test')
  const lines = texts.map((text) => ({ at: new Date(), text }))
  expect(
    await api.store.logs.append(deployment.id, {
      step: 'build',
      cursor: 'test',
      from,
      to: from + ++written,
      lines,
    }),
  ).toBe(true)
}

/** Reads a stream over a real socket. */
async function read(what: string, headers: Record<string, string> = {}) {
  const controller = new AbortController()
  open.push(controller)
  const response = await fetch(`${url}/v1/deployments/${deployment.id}/${what}`, {
    headers: { authorization: `Bearer ${token}`, ...headers },
    signal: controller.signal,
  })
  const events: EventSourceMessage[] = []
  const comments: string[] = []
  const parser = createParser({
    onEvent: (event) => void events.push(event),
    onComment: (text) => void comments.push(text),
  })
  const decoder = new TextDecoder()
  let ended = false
  const done = (async () => {
    for await (const chunk of response.body!) parser.feed(decoder.decode(chunk, { stream: true }))
    ended = true
  })().catch(() => {})
  return { response, events, comments, done, isEnded: () => ended, close: () => controller.abort() }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10))
}

const texts = (events: EventSourceMessage[]) =>
  events.filter(({ event }) => event !== 'end').map(({ data }) => (JSON.parse(data) as LogLine).text)

describe('logs', () => {
  it('come as they are written, and end with the final status', async () => {
    await log('one', 'two')
    const stream = await read('logs')
    expect(stream.response.headers.get('content-type')).toContain('text/event-stream')
    await until(() => stream.events.length === 2)
    await log('three')
    await until(() => stream.events.length === 3)
    expect(stream.events.map(({ id }) => id)).toEqual(['1', '2', '3'])
    for (const { data } of stream.events) logLineSchema.parse(JSON.parse(data))
    await log('last words')
    await end(api, deployment.id, 'FAILED')
    await stream.done
    expect(texts(stream.events)).toEqual(['one', 'two', 'three', 'last words'])
    expect(stream.events.at(-1)).toMatchObject({ event: 'end', data: '{"status":"FAILED"}' })
    expect(stream.isEnded()).toBe(true)
  })

  it('go on after the last one that was seen', async () => {
    await log('one', 'two', 'three')
    const stream = await read('logs', { 'last-event-id': '2' })
    await until(() => stream.events.length === 1)
    expect(texts(stream.events)).toEqual(['three'])
    const later = await read('logs?after=1')
    await until(() => later.events.length === 2)
    await api.refused(422, 'ValidationFailed', 'GET', `/v1/deployments/${deployment.id}/logs`, undefined, {
      'last-event-id': 'x',
    })
  })

  it('lose nothing to a reader that comes back again and again', async () => {
    const lines = Array.from({ length: 500 }, (_, at) => `line ${at}`)
    const writing = (async () => {
      for (let at = 0; at < lines.length; at += 25) await log(...lines.slice(at, at + 25))
    })()
    const seen: string[] = []
    let last = '0'
    while (seen.length < lines.length) {
      const stream = await read('logs', { 'last-event-id': last })
      await until(() => stream.events.length > 0)
      stream.close()
      await stream.done
      seen.push(...texts(stream.events))
      last = stream.events.at(-1)!.id!
    }
    await writing
    expect(seen).toEqual(lines)
  })

  it('come as lines of JSON when asked', async () => {
    await log('one', 'two')
    await end(api, deployment.id, 'FAILED')
    const response = await api.raw(`/v1/deployments/${deployment.id}/logs`, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/x-ndjson' },
    })
    expect(response.headers.get('content-type')).toContain('application/x-ndjson')
    const rows = (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { text?: string })
    expect(rows.map(({ text }) => text)).toEqual(['one', 'two', undefined])
    expect(rows.at(-1)).toEqual({ type: 'end', status: 'FAILED' })
  })

  it('come as a page when asked', async () => {
    await log('one', 'two', 'three')
    const page = (query: string) =>
      api.call<{ data: LogLine[]; nextAfter: number | null }>(
        'GET',
        `/v1/deployments/${deployment.id}/logs?${query}`,
        undefined,
        { accept: 'application/json' },
      )
    expect((await page('limit=2')).body).toMatchObject({
      data: [{ text: 'one' }, { text: 'two' }],
      nextAfter: 2,
    })
    expect((await page('after=2')).body).toMatchObject({ data: [{ text: 'three' }], nextAfter: null })
    expect((await page('step=fetch')).body.data).toEqual([])
  })

  it('keep the connection alive while nothing happens', async () => {
    const stream = await read('logs')
    await until(() => stream.comments.length > 0)
    expect(stream.events).toEqual([])
  }, 20_000)

  it('answer 404 before any stream begins', async () => {
    await api.refused(404, 'DeploymentNotFound', 'GET', '/v1/deployments/shop.production.9999/logs')
    await api.refused(404, 'NotFound', 'GET', '/v1/deployments/..%2f/logs')
  })
})

describe('events', () => {
  it('tell each change, and the end', async () => {
    const stream = await read('events')
    await api.store.deployments.started(deployment.id, { runId: 'run', at: new Date() })
    await api.store.deployments.stepStarted(deployment.id, 'preflight', 1)
    await end(api, deployment.id, 'CANCELED')
    await stream.done
    const rows = stream.events
      .filter(({ event }) => event !== 'end')
      .map(({ data }) => deploymentEventSchema.parse(JSON.parse(data)))
    expect(rows.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['queued', 'started', 'step', 'finished']),
    )
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, at) => at + 1))
    expect(stream.events.at(-1)).toMatchObject({ event: 'end', data: '{"status":"CANCELED"}' })
  })
})

describe('readers', () => {
  const openStreams = async () => {
    const { text } = await api.call('GET', '/metrics')
    return Number(/^sluice_streams_open (\d+)$/m.exec(text)?.[1])
  }

  it('that go away are no longer worked for', async () => {
    await log('one')
    const streams = await Promise.all(Array.from({ length: 5 }, () => read('logs')))
    await until(async () => (await openStreams()) === 5)
    for (const stream of streams) stream.close()
    await until(async () => (await openStreams()) === 0)
  })

  it('that only ask for the head start nothing', async () => {
    const response = await fetch(`${url}/v1/deployments/${deployment.id}/logs`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${token}` },
    })
    expect(response.status).toBe(200)
    expect(await openStreams()).toBe(0)
  })

  it('that are slow do not make the server buffer', async () => {
    const line = 'x'.repeat(16_000)
    for (let batch = 0; batch < 20; batch++) await log(...Array.from({ length: 100 }, () => line))
    let reads = 0
    const original = api.store.logs.read
    api.store.logs.read = (...args) => {
      reads++
      return original(...args)
    }
    const request = http.get(`${url}/v1/deployments/${deployment.id}/logs`, {
      headers: { authorization: `Bearer ${token}` },
    })
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    response.pause()
    // 32 MB wait; what the sockets of both ends hold is far less.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    api.store.logs.read = original
    expect(reads).toBeGreaterThan(0)
    expect(reads).toBeLessThan(15)
    request.destroy()
    await until(async () => (await openStreams()) === 0)
  }, 30_000)

  it('are let go at once when the server stops, without an end', async () => {
    const stream = await read('logs')
    await until(async () => (await openStreams()) === 1)
    api.stopping.abort()
    await stream.done
    expect(stream.events.some(({ event }) => event === 'end')).toBe(false)
    expect(stream.isEnded()).toBe(true)
  })
})
