import { describe, expect, it } from 'vitest'
import { headerOf, headersOf, RawClient, sendRaw } from '../raw-client.ts'
import type { Service } from '../services.ts'
import { httpService } from '../services.ts'
import type { RunningRouter, Suite } from '../suite.ts'
import { routeTo } from '../suite.ts'

export function headers({ running, start }: Suite): void {
  async function ready(on: RunningRouter = running()) {
    const service = await httpService((_, response) => response.end('ok'))
    const { host } = await routeTo(on, service.port)
    const send = (lines: string[], path = '/', host_ = host) =>
      sendRaw(
        on.port,
        `GET ${path} HTTP/1.1\r\nHost: ${host_}\r\n${lines.map((l) => `${l}\r\n`).join('')}\r\n`,
      )
    return { service, host, send }
  }
  const seenBy = (service: Service, name: string): string[] =>
    headersOf({ headers: service.seen.at(-1)?.headers ?? [] }, name)

  describe('row 22: the Host header', () => {
    it('reaches the service as it was sent, in any case and with its port', async () => {
      const { service, host, send } = await ready()
      const sent = `${host.toUpperCase()}:8080`
      expect((await send([], '/', sent)).status).toBe(200)
      expect(seenBy(service, 'host')).toEqual([sent])
    })

    it('decides the route: 404 with a sentence for an unknown one', async () => {
      const answer = await sendRaw(running().port, 'GET / HTTP/1.1\r\nHost: nobody.example:80\r\n\r\n')
      expect(answer.status).toBe(404)
      expect(headerOf(answer, 'content-type')).toBe('application/problem+json')
      const problem = JSON.parse(answer.body) as { code: string; detail: string }
      expect(problem).toMatchObject({ code: 'UnknownHost', status: 404 })
      expect(problem.detail).toContain('nobody.example.')
    })

    it('must be there exactly once, and the target must be a path', async () => {
      const { host } = await ready()
      for (const request of [
        `GET / HTTP/1.1\r\nHost: ${host}\r\nHost: ${host}\r\n\r\n`,
        `GET / HTTP/1.1\r\nHost: ${host}\r\nhost: other\r\n\r\n`,
        'GET / HTTP/1.1\r\n\r\n',
        'GET / HTTP/1.0\r\n\r\n',
        'GET / HTTP/1.1\r\nHost:\r\n\r\n',
        `GET / HTTP/1.1\r\nHost: ${host}:@evil.example\r\n\r\n`,
        `GET / HTTP/1.1\r\nHost: ${host}:80/path\r\n\r\n`,
        `GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
        `GET http://other/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
        `OPTIONS * HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      ]) {
        expect((await sendRaw(running().port, request)).status, request).toBe(400)
      }
    })

    it('says 503 for a route without a release', async () => {
      const { router, port } = running()
      const fence = { deployment: 1, revision: 0 }
      await router.change({ route: 'empty/production', fence, hosts: ['empty.localhost'], target: null })
      const answer = await sendRaw(port, 'GET / HTTP/1.1\r\nHost: empty.localhost\r\n\r\n')
      expect(answer.status).toBe(503)
      expect(headerOf(answer, 'retry-after')).toBeDefined()
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'NoLiveRelease' })
    })
  })

  describe('row 23: who the client is', () => {
    const claims = [
      'X-Forwarded-For: 6.6.6.6',
      'x-forwarded-proto: https',
      'X-Forwarded-Host: evil',
      'X-Forwarded-Port: 443',
      'X_Forwarded_For: 6.6.6.6',
      'X-Real-IP: 6.6.6.6',
      'Forwarded: for=6.6.6.6',
    ]

    it('is told by the router, whatever the client claims', async () => {
      const { service, host, send } = await ready()
      await send(claims)
      expect(seenBy(service, 'x-forwarded-for')).toEqual(['127.0.0.1'])
      expect(seenBy(service, 'x-forwarded-proto')).toEqual(['http'])
      expect(seenBy(service, 'x-forwarded-host')).toEqual([host])
      for (const name of ['x-forwarded-port', 'x_forwarded_for', 'x-real-ip', 'forwarded']) {
        expect(seenBy(service, name), name).toEqual([])
      }
    })

    it('is added to what a trusted proxy tells', async () => {
      const trusting = await start({ trustProxy: true })
      try {
        const { service, send } = await ready(trusting)
        await send([...claims, 'Connection: X-Forwarded-For, X-Forwarded-Proto'])
        expect(seenBy(service, 'x-forwarded-for')).toEqual(['6.6.6.6, 127.0.0.1'])
        expect(seenBy(service, 'x-forwarded-proto')).toEqual(['https'])
        expect(seenBy(service, 'x-forwarded-host')).toEqual(['evil'])
      } finally {
        await trusting.stop()
      }
    })

    it('cannot be stripped by a Connection header', async () => {
      const { service, host, send } = await ready()
      await send(['Connection: close, X-Forwarded-For, X-Forwarded-Host, Host, X-Request-Id'])
      expect(seenBy(service, 'x-forwarded-for')).toEqual(['127.0.0.1'])
      expect(seenBy(service, 'x-forwarded-host')).toEqual([host])
      expect(seenBy(service, 'host')).toEqual([host])
      expect(seenBy(service, 'x-request-id')).toHaveLength(1)
    })

    it('comes with a request id: a sane one is kept, any other replaced', async () => {
      const { service, send } = await ready()
      await send(['X-Request-Id: abc-123'])
      expect(seenBy(service, 'x-request-id')).toEqual(['abc-123'])
      for (const insane of ['x'.repeat(200), 'a b', '"><script>']) {
        await send([`X-Request-Id: ${insane}`])
        expect(seenBy(service, 'x-request-id')[0]).toMatch(/^[0-9a-f-]{36}$/)
      }
    })
  })

  describe('row 24: headers of one connection', () => {
    it('do not reach the service', async () => {
      const { service, send } = await ready()
      await send([
        'Connection: keep-alive, X-Private, Authorization',
        'X-Private: 1',
        'Keep-Alive: timeout=5',
        'Proxy-Connection: keep-alive',
        'Proxy-Authorization: Basic x',
        'TE: trailers',
        'Trailer: x',
        'Upgrade: h2c',
        'HTTP2-Settings: x',
        'X-Public: 1',
      ])
      for (const name of [
        'x-private',
        'keep-alive',
        'proxy-connection',
        'proxy-authorization',
        'te',
        'trailer',
      ]) {
        expect(seenBy(service, name), name).toEqual([])
      }
      expect(seenBy(service, 'upgrade')).toEqual([])
      expect(seenBy(service, 'http2-settings')).toEqual([])
      expect(seenBy(service, 'x-public')).toEqual(['1'])
    })

    it('do not reach the client', async () => {
      const service = await httpService((_, response) => {
        response.writeHead(200, {
          connection: 'X-Private, close',
          'x-private': '1',
          'keep-alive': 'timeout=1',
          'proxy-authenticate': 'Basic',
          upgrade: 'h2c',
          'x-public': '1',
        })
        response.end('ok')
      })
      const { host } = await routeTo(running(), service.port)
      const client = await RawClient.connect(running().port)
      const request = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`
      const answer = await client.send(request).answer()
      for (const name of ['x-private', 'proxy-authenticate', 'upgrade'])
        expect(headerOf(answer, name)).toBeUndefined()
      expect(headerOf(answer, 'x-public')).toBe('1')
      // The service closed its connection; the client's stays.
      expect((await client.send(request).answer()).status).toBe(200)
      client.close()
    })
  })

  it('row 25: the path and the query reach the service untouched', async () => {
    const { service, send } = await ready()
    for (const path of [
      '//a/../b/./c',
      '/%2e%2E/%00?x=%zz&y=a+b',
      '/a;b=c?d?e=/../',
      "/'(x)*|[y]{z}",
      '/?',
    ]) {
      expect((await send([], path)).status, path).toBe(200)
      expect(service.seen.at(-1)?.url).toBe(path)
    }
  })

  describe('row 26: what is not passed on', () => {
    it('serves a request for an upgrade other than to WebSockets as a plain one', async () => {
      const { service, send } = await ready()
      const answer = await send([
        'Connection: Upgrade, HTTP2-Settings',
        'Upgrade: h2c',
        'HTTP2-Settings: AAMAAABk',
      ])
      expect(answer.status).toBe(200)
      expect(seenBy(service, 'upgrade')).toEqual([])
    })

    it('refuses CONNECT and TRACE', async () => {
      const { service, host } = await ready()
      const { port } = running()
      expect((await sendRaw(port, `CONNECT ${host}:80 HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).status).toBe(405)
      expect((await sendRaw(port, `TRACE / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).status).toBe(405)
      expect(service.seen).toEqual([])
    })
  })
}
