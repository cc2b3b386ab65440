import { once } from 'node:events'
import type http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startApi, token, type Api } from './api.ts'

/** What only a real socket shows. */
let api: Api
let server: http.Server
let port = 0
beforeAll(async () => {
  api = await startApi()
  server = createAdaptorServer({ fetch: api.app.fetch }) as http.Server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
}, 60_000)
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await api.stop()
})

/** Sends bytes as they are and answers with everything that comes back until the server closes. */
async function send(...parts: string[]): Promise<string> {
  const socket = net.connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
  // The server may close before everything was sent.
  socket.on('error', () => {})
  for (const part of parts) socket.write(part)
  await once(socket, 'close')
  return answer
}

const head = (line: string, ...headers: string[]) =>
  [line, `Authorization: Bearer ${token}`, 'Connection: close', ...headers, '', ''].join('\r\n')

it('answers 413 to a chunked body that does not end', async () => {
  const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`
  const answer = await send(
    head(
      'POST /v1/services HTTP/1.1',
      `Host: 127.0.0.1`,
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
    ),
    ...Array.from({ length: 40 }, () => chunk),
  )
  expect(answer).toMatch(/^HTTP\/1\.1 413 /)
  expect(answer).toContain('application/problem+json')
})

it.each([
  'evil.example.com',
  '127.0.0.1@evil',
  'evil/127.0.0.1',
  '127.0.0.1#evil',
  '',
  '127.0.0.1:7700, evil',
])('does not serve the Host %j', async (host) => {
  const answer = await send(head('GET /v1/services HTTP/1.1', `Host: ${host}`))
  expect(answer).toMatch(/^HTTP\/1\.1 4(00|21) /)
})

it('takes no path that leads out of it', async () => {
  for (const path of [
    '/docs/../../package.json',
    '/guides/%2e%2e%2fREADME',
    '//etc/passwd',
    '/v1/services/%2e%2e',
    'http://evil/v1/services',
  ]) {
    const answer = await send(head(`GET ${path} HTTP/1.1`, 'Host: 127.0.0.1'))
    expect(answer, path).toMatch(/^HTTP\/1\.1 4(00|04|21) /)
  }
})

it('does not let a header end early', async () => {
  const answer = await send(
    head('GET /healthz HTTP/1.1', 'Host: 127.0.0.1', 'X-Request-Id: a\rSet-Cookie: x=1'),
  )
  expect(answer).not.toMatch(/set-cookie/i)
})

it('tells bad tokens apart by address, and answers the others', async () => {
  const statuses: number[] = []
  for (let n = 0; n < 25; n++) {
    const response = await fetch(`http://127.0.0.1:${port}/v1/services`, {
      headers: { authorization: `Bearer wrong-${n}` },
    })
    statuses.push(response.status)
  }
  expect(statuses.slice(0, 20).every((status) => status === 401)).toBe(true)
  expect(statuses.at(-1)).toBe(429)
  const good = await fetch(`http://127.0.0.1:${port}/v1/services`, {
    headers: { authorization: `Bearer ${token}` },
  })
  expect(good.status).toBe(200)
})
