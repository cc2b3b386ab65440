import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import type net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { headerOf, headersOf, RawClient, sendRaw } from '../raw-client.ts'
import { answering, httpService, rawService, unusedPort } from '../services.ts'
import type { Suite } from '../suite.ts'
import { routeTo } from '../suite.ts'

export function proxying({ running, start }: Suite): void {
  const get = (host: string, path = '/') => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`

  async function open(port: number): Promise<{ client: RawClient; host: string; instance: string }> {
    const { host, instance } = await routeTo(running(), port)
    return { client: await RawClient.connect(running().port), host, instance }
  }

  describe('row 15: a connection that the service has closed', () => {
    const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

    it.each(['GET', 'HEAD', 'OPTIONS'])('is replaced by another one for %s', async (method) => {
      const service = await answering(ok, '', method === 'HEAD' ? ok.slice(0, -2) : ok)
      const { client, host } = await open(service.port)
      expect((await client.send(get(host)).answer()).status).toBe(200)
      const answer = await client.send(`${method} / HTTP/1.1\r\nHost: ${host}\r\n\r\n`).answer({ method })
      expect(answer.status).toBe(200)
    })

    it.each(['POST', 'PUT'])('gives 502 for %s after one attempt', async (method) => {
      const service = await answering(ok, '', ok)
      const { client, host } = await open(service.port)
      expect((await client.send(get(host)).answer()).status).toBe(200)
      const head = `${method} / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 2\r\n\r\nhi`
      expect((await client.send(head).answer()).status).toBe(502)
      expect((await client.send(get(host)).answer()).status).toBe(200)
    })

    it('is tried once more only', async () => {
      const service = await answering('')
      const { client, host } = await open(service.port)
      expect((await client.send(get(host)).answer()).status).toBe(502)
    })

    it('is not tried again once an answer has begun', async () => {
      const service = await answering('HTTP/1.1 200 OK\r\ncontent-len…', ok)
      const { client, host } = await open(service.port)
      expect((await client.send(get(host)).answer()).status).toBe(502)
    })
  })

  describe('row 16: a service that does not answer properly', () => {
    it('gives 502 when it refuses the connection', async () => {
      const { client, host } = await open(await unusedPort())
      const answer = await client.send(get(host)).answer()
      expect(answer.status).toBe(502)
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'ServiceUnreachable' })
    })

    it('gives 504 when its answer does not begin in time', async () => {
      const impatient = await start({ limits: { answerMs: 300 } })
      try {
        const service = await httpService(() => {})
        const { host } = await routeTo(impatient, service.port)
        expect((await sendRaw(impatient.port, get(host))).status).toBe(504)
      } finally {
        await impatient.stop()
      }
    })

    it.each([
      ['garbage', 'this is not HTTP\r\n\r\n'],
      ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc'],
      ['a length that is no number', 'HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\nab'],
      [
        'a switch of protocols nobody asked for',
        'HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
      ],
    ])('gives 502 for %s', async (_, text) => {
      const { client, host } = await open((await answering(text)).port)
      expect((await client.send(get(host)).answer()).status).toBe(502)
    })
  })

  describe('row 17: a truncated answer', () => {
    it.each([
      ['with a length', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf…'],
      ['in chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n…'],
    ])('%s is never a clean end for the client', async (_, text) => {
      const { client, host } = await open((await answering(text)).port)
      await expect(client.send(get(host)).answer()).rejects.toThrow(/ended/)
    })

    it('resets an HTTP/1.0 client, for which a close would be the end', async () => {
      const service = await answering('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n…')
      const { client, host } = await open(service.port)
      client.send(`GET / HTTP/1.0\r\nHost: ${host}\r\n\r\n`)
      expect(await client.untilEnded()).toBe('reset')
    })
  })

  describe('row 18: uploads', () => {
    it('reach the service as they come, within 50 ms', async () => {
      let cameAt = 0
      const service = await httpService((request, response) => {
        request.once('data', () => (cameAt = performance.now()))
        request.resume().on('end', () => response.end('ok'))
      })
      const { client, host } = await open(service.port)
      await warm(client, host)
      const sentAt = performance.now()
      client.send(`POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n`)
      await client.until(() => cameAt !== 0, 'the first byte')
      expect(cameAt - sentAt).toBeLessThan(50)
      expect((await client.send('4\r\nlast\r\n0\r\n\r\n').answer()).body).toBe('ok')
    })

    it('are held back by a service that does not read', async () => {
      const service = await rawService((socket) => socket.pause())
      const { client, host } = await open(service.port)
      client.send(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1000000000\r\n\r\n`)
      const accepted = await pushUntilStuck(client.socket)
      expect(accepted).toBeLessThan(40_000_000)
    })

    it('are answered early with 413', async () => {
      const service = await httpService((_, response) => {
        response.writeHead(413, { connection: 'close' }).end('too large')
      })
      for (let i = 0; i < 5; i++) {
        const { client, host } = await open(service.port)
        client.send(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 20000000\r\n\r\n`)
        client.send(Buffer.alloc(1_000_000))
        const answer = await client.answer({ method: 'POST' })
        expect([answer.status, answer.body]).toEqual([413, 'too large'])
        client.close()
      }
    })

    it('are read on for a while after the last answer, so that it is not lost to a reset', async () => {
      const service = await httpService((_, response) => response.writeHead(413).end('too large'))
      const { client, host } = await open(service.port)
      client.send(`POST / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Length: 20000000\r\n\r\n`)
      await client.until(() => client.received.includes('too large'), 'the answer')
      for (let i = 0; i < 10; i++) {
        client.send(Buffer.alloc(500_000))
        await sleep(10)
      }
      expect(await client.untilEnded()).toBe('end')
    })

    it('leave the connection usable when the client completes what was answered early', async () => {
      const service = await httpService((request, response) => {
        if (request.method === 'POST') response.writeHead(413).end('too large')
        else response.end('next')
      })
      const { client, host } = await open(service.port)
      client
        .send(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 200000\r\n\r\n`)
        .send(Buffer.alloc(100_000))
      expect((await client.answer()).status).toBe(413)
      expect((await client.send(Buffer.alloc(100_000)).send(get(host)).answer()).body).toBe('next')
    })

    it('arrive whole, with a length and in chunks', async () => {
      const service = await httpService((request, response) => {
        let bytes = 0
        request
          .on('data', (chunk: Buffer) => (bytes += chunk.length))
          .on('end', () => response.end(String(bytes)))
      })
      const { client, host } = await open(service.port)
      client
        .send(`PUT / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 3000000\r\n\r\n`)
        .send(Buffer.alloc(3_000_000))
      expect((await client.answer()).body).toBe('3000000')
      client.send(`PATCH / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n`)
      client.send(Buffer.alloc(100_000)).send('\r\n0\r\n\r\n')
      expect((await client.answer()).body).toBe('100000')
    })
  })

  it('row 18: answers are held back by a client that does not read', async () => {
    let written = 0
    const service = await httpService((_, response) => {
      const push = () => {
        while (!response.destroyed && written < 300_000_000) {
          written += 65_536
          if (!response.write(Buffer.alloc(65_536))) return void response.once('drain', push)
        }
      }
      push()
    })
    const { client, host } = await open(service.port)
    client.socket.pause()
    client.send(get(host))
    let before = -1
    while (before !== written || written === 0) {
      before = written
      await sleep(300)
    }
    expect(written).toBeLessThan(40_000_000)
  })

  it.each(['with a length', 'in chunks'])(
    'row 18: large answers %s reach clients of every pace byte for byte',
    async (framing) => {
      const bytesFor = (url = '') => Buffer.alloc(16_000_000, createHash('sha512').update(url).digest())
      const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
      const service = await httpService((request, response) => {
        const bytes = bytesFor(request.url)
        if (framing === 'with a length') response.setHeader('content-length', bytes.length)
        for (let at = 0; at < bytes.length; at += 150_001) response.write(bytes.subarray(at, at + 150_001))
        response.end()
      })
      const { host } = await routeTo(running(), service.port)
      const ask = async (path: string, pauseMs: number) => {
        const request = http.get({ port: running().port, path, headers: { host }, agent: false })
        const [answer] = (await once(request, 'response')) as [http.IncomingMessage]
        const hash = createHash('sha256')
        for await (const part of answer) {
          hash.update(part as Buffer)
          if (pauseMs > 0 && Math.random() < 0.1) await sleep(pauseMs)
        }
        expect(hash.digest('hex'), path).toBe(sum(bytesFor(path)))
      }
      await Promise.all([0, 1, 5, 10, 20].map((pauseMs) => ask(`/${pauseMs}`, pauseMs)))
    },
    30_000,
  )

  describe('row 19: a client that goes away', () => {
    it.each(['while it waits', 'in the middle of an upload', 'in the middle of an answer'])(
      'is noticed by the service within 100 ms %s',
      async (moment) => {
        let closedAt = 0
        let came = false
        const service = await httpService((request, response) => {
          if (moment.endsWith('answer')) response.write('begun')
          if (moment.endsWith('upload')) request.once('data', () => (came = true))
          else came = true
          response.on('close', () => (closedAt = performance.now()))
        })
        const { client, host, instance } = await open(service.port)
        if (moment.endsWith('upload')) {
          client.send(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 100000\r\n\r\npart`)
        } else {
          client.send(get(host))
        }
        await client.until(() => came, 'the request at the service')
        await sleep(30)
        const goneAt = performance.now()
        client.close()
        await client.until(() => closedAt !== 0, 'the close at the service')
        expect(closedAt - goneAt).toBeLessThan(100)
        expect(await running().router.load(instance)).toEqual({ requests: 0, tunnels: 0 })
      },
    )
  })

  describe('row 20: streams', () => {
    it('passes the header and each event on at once', async () => {
      const service = await httpService(async (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
        for (let i = 0; i < 4; i++) {
          await sleep(60)
          response.write(`data: ${i}\n\n`)
        }
        response.end()
      })
      const { client, host } = await open(service.port)
      client.send(get(host))
      await client.until(() => client.received.includes('\r\n\r\n'), 'the header')
      expect(client.received).not.toContain('data: 0')
      for (let i = 0; i < 4; i++) {
        await client.until(() => client.received.includes(`data: ${i}`), `event ${i}`)
        expect(client.received).not.toContain(`data: ${i + 1}`)
      }
    })

    const handshake = (host: string) =>
      `GET /socket HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n'

    /** Not a WebSocket server, but bytes tell more: echoes, and says goodbye after the client's end. */
    async function echo(): Promise<http.Server | { port: number }> {
      return rawService((socket) => {
        let joined = false
        socket.on('data', (chunk) => {
          if (joined) return void socket.write(chunk)
          const text = chunk.toString('latin1')
          joined = true
          socket.write(
            'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello',
          )
          socket.write(text.slice(text.indexOf('\r\n\r\n') + 4))
        })
        socket.on('end', () => setTimeout(() => socket.end('goodbye'), 50))
      })
    }

    it('tunnels WebSockets, early bytes of both sides included', async () => {
      const service = (await echo()) as { port: number }
      const { client, host } = await open(service.port)
      client.send(`${handshake(host)}early`)
      expect((await client.answer()).status).toBe(101)
      await client.until(() => client.received === 'helloearly', 'the early bytes')
      client.send('more')
      await client.until(() => client.received === 'helloearlymore', 'the echo')
    })

    it('lets each side of a tunnel end on its own', async () => {
      const service = (await echo()) as { port: number }
      const { client, host, instance } = await open(service.port)
      await client.send(handshake(host)).answer()
      expect(await running().router.load(instance)).toEqual({ requests: 0, tunnels: 1 })
      client.socket.end()
      expect(await client.untilEnded()).toBe('end')
      expect(client.received).toBe('hellogoodbye')
      await client.until(() => client.socket.closed, 'the close')
      await sleep(20)
      expect(await running().router.load(instance)).toEqual({ requests: 0, tunnels: 0 })
    })

    it('passes on what a service answers that declines the WebSocket', async () => {
      const service = await httpService((_, response) =>
        response.writeHead(401, { 'x-why': 'login' }).end('no'),
      )
      const { client, host } = await open(service.port)
      const answer = await client.send(handshake(host)).answer()
      expect([answer.status, headerOf(answer, 'x-why'), answer.body]).toEqual([401, 'login', 'no'])
      const { client: other, host: down } = await open(await unusedPort())
      expect((await other.send(handshake(down)).answer()).status).toBe(502)
    })

    it.each([
      ['with a length', 'content-length: 100\r\n\r\nhalf…'],
      ['in chunks', 'transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n…'],
      ['in broken chunks', 'transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n'],
    ])('resets a client whose WebSocket is declined by an answer that breaks off %s', async (_, rest) => {
      const service = await answering(`HTTP/1.1 200 OK\r\n${rest}`)
      const { client, host } = await open(service.port)
      expect(await client.send(handshake(host)).untilEnded()).toBe('reset')
      expect(client.received).not.toContain('502')
    })

    it('counts a declined WebSocket until its answer is complete, whatever the client does then', async () => {
      const service = await httpService((_, response) => response.writeHead(404).end('no'))
      const { client, host, instance } = await open(service.port)
      await client.send(handshake(host)).answer()
      await sleep(50)
      expect(client.socket.closed).toBe(false)
      expect(await running().router.load(instance)).toEqual({ requests: 0, tunnels: 0 })
    })

    it('gives the handshake up when the client goes away during it', async () => {
      const service = await rawService(() => {})
      const { client, host, instance } = await open(service.port)
      client.send(handshake(host))
      await sleep(50)
      expect(await running().router.load(instance)).toEqual({ requests: 0, tunnels: 1 })
      client.socket.end()
      await client.untilEnded()
      expect(await running().router.load(instance)).toEqual({ requests: 0, tunnels: 0 })
    })

    it('loses nothing that was sent ahead behind a request that is still answered', async () => {
      let came = 0
      const service = await rawService((socket) => {
        let first = true
        socket.on('data', (data) => {
          if (data.includes('GET /slow')) {
            setTimeout(() => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'), 200)
          } else if (first) {
            socket.write(
              'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
            )
            came += data.length - data.indexOf('\r\n\r\n') - 4
          } else came += data.length
          first = false
        })
      })
      const { client, host } = await open(service.port)
      client.send(`${get(host, '/slow')}${handshake(host)}`).send(Buffer.alloc(300_000))
      await client.until(() => came === 300_000, 'all that was sent ahead')
    })
  })

  describe('row 21: answers without a body and unusual ones', () => {
    it.each([
      ['HEAD', 'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n', 200],
      ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', 204],
      ['GET', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 500\r\netag: "x"\r\n\r\n', 304],
      ['GET', 'HTTP/1.1 304 Not Modified\r\netag: "x"\r\n\r\n', 304],
    ])('%s %j is followed by the next request on the same connection', async (method, text, status) => {
      const service = await answering(text, 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nnext')
      const { client, host } = await open(service.port)
      client.send(`${method} / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
      const answer = await client.answer({ method })
      expect(answer.status).toBe(status)
      if (text.includes('content-length')) expect(headerOf(answer, 'content-length')).toBe('500')
      expect((await client.send(get(host)).answer()).body).toBe('next')
    })

    it('passes a header of 12 KB', async () => {
      const service = await httpService((_, response) =>
        response.setHeader('x-large', 'x'.repeat(12_288)).end(),
      )
      const { client, host } = await open(service.port)
      expect(headerOf(await client.send(get(host)).answer(), 'x-large')).toHaveLength(12_288)
    })

    it('keeps several Set-Cookie headers apart', async () => {
      const service = await httpService((_, response) =>
        response.setHeader('set-cookie', ['a=1', 'b=2, 3']).end(),
      )
      const { client, host } = await open(service.port)
      expect(headersOf(await client.send(get(host)).answer(), 'set-cookie')).toEqual(['a=1', 'b=2, 3'])
    })

    it('answers pipelined requests in their order', async () => {
      const service = await httpService(async (request, response) => {
        await sleep(request.url === '/0' ? 150 : 5)
        response.end(request.url)
      })
      const { client, host } = await open(service.port)
      client.send([0, 1, 2].map((n) => get(host, `/${n}`)).join(''))
      const bodies = [
        (await client.answer()).body,
        (await client.answer()).body,
        (await client.answer()).body,
      ]
      expect(bodies).toEqual(['/0', '/1', '/2'])
    })

    it('passes a pipelined request on once the one before it is answered, and no more of a client that goes away', async () => {
      const waiting: (() => void)[] = []
      const service = await httpService((request, response) => waiting.push(() => response.end(request.url)))
      const { client, host, instance } = await open(service.port)
      client.send(get(host, '/1') + get(host, '/2') + get(host, '/3'))
      await client.until(() => service.seen.length === 1, 'the first request')
      expect(await running().router.load(instance)).toEqual({ requests: 1, tunnels: 0 })
      waiting[0]?.()
      expect((await client.answer()).body).toBe('/1')
      await client.until(() => service.seen.length === 2, 'the second request')
      client.close()
      await sleep(80)
      expect(await running().router.load(instance)).toEqual({ requests: 0, tunnels: 0 })
      expect(service.seen.map(({ url }) => url)).toEqual(['/1', '/2'])
    })

    it('holds a client back that pipelines without end', async () => {
      const service = await httpService(() => {})
      const { client, host } = await open(service.port)
      client.send(get(host))
      await client.until(() => service.seen.length === 1, 'the first request')
      expect(await pushUntilStuck(client.socket, Buffer.from(get(host).repeat(4_000)))).toBeLessThan(
        40_000_000,
      )
      expect(service.seen).toHaveLength(1)
    })

    it('holds a client back that takes no answer', async () => {
      const service = await httpService((_, response) => response.end(Buffer.alloc(50_000)))
      const { client, host } = await open(service.port)
      client.socket.pause()
      client.send(get(host).repeat(2_000))
      let before = -1
      while (before !== service.seen.length || before === 0) {
        before = service.seen.length
        await sleep(300)
      }
      expect(before).toBeLessThan(800)
    })

    it('holds a client back that takes no refusal', async () => {
      const { client } = await open(await unusedPort())
      client.socket.pause()
      const refused = Buffer.from(get('nobody.example').repeat(4_000))
      expect(await pushUntilStuck(client.socket, refused, 2_000)).toBeLessThan(40_000_000)
    })

    it('answers in their order what was pipelined by a client that is slow to take it', async () => {
      const body = (n: number) => `${n}`.repeat(300_000)
      const service = await httpService(({ url = '' }, response) => response.end(body(Number(url.slice(1)))))
      const { client, host } = await open(service.port)
      const numbers = Array.from({ length: 20 }, (_, n) => n)
      client.socket.pause()
      for (const n of numbers) {
        client.send(get(host, `/${n}`))
        await sleep(10)
      }
      expect(service.seen.length).toBeLessThan(20)
      client.socket.resume()
      for (const n of numbers) expect((await client.answer()).body).toBe(body(n))
    })

    it('dates an answer whose service did not', async () => {
      const dated = 'HTTP/1.1 200 OK\r\nDate: yesterday\r\ncontent-length: 0\r\n\r\n'
      const service = await answering('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', dated)
      const { client, host } = await open(service.port)
      const [date = ''] = headersOf(await client.send(get(host)).answer(), 'date')
      expect(Math.abs(Date.parse(date) - Date.now())).toBeLessThan(60_000)
      expect(headersOf(await client.send(get(host)).answer(), 'date')).toEqual(['yesterday'])
    })

    it.each([
      ['with a length, and keeps the connection if asked to', 'content-length: 2\r\n\r\nok', true],
      [
        'in chunks, and ends it with the connection',
        'transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
        false,
      ],
    ])('answers HTTP/1.0 %s', async (_, text, keeps) => {
      const service = await answering(`HTTP/1.1 200 OK\r\n${text}`)
      const { client, host } = await open(service.port)
      client.send(`GET / HTTP/1.0\r\nHost: ${host}\r\nConnection: keep-alive\r\n\r\n`)
      const answer = await client.answer()
      expect(answer.body).toBe('ok')
      expect(headersOf(answer, 'connection')).toEqual([keeps ? 'keep-alive' : 'close'])
      expect(headersOf(answer, 'transfer-encoding')).toEqual([])
      if (!keeps) return void (await client.untilEnded())
      client.send(`GET / HTTP/1.0\r\nHost: ${host}\r\n\r\n`)
      expect((await client.answer()).body).toBe('ok')
      await client.untilEnded()
    })

    it('refuses in a way that the next request on the connection can follow', async () => {
      const service = await httpService((_, response) => response.end('next'))
      const { client, host } = await open(service.port)
      const nobody = (method: string, lines = '') =>
        `${method} / HTTP/1.1\r\nHost: nob\xf6dy.example\r\n${lines}\r\n`
      const answer = await client.send(nobody('GET')).answer()
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'UnknownHost' })
      expect((await client.send(nobody('HEAD')).answer({ method: 'HEAD' })).status).toBe(404)
      expect((await client.send(nobody('POST', 'Content-Length: 100000\r\n')).answer()).status).toBe(404)
      expect((await client.send(Buffer.alloc(100_000)).send(get(host)).answer()).body).toBe('next')
      // This one may be followed by its body or by another request.
      await client.send(nobody('POST', 'Expect: 100-continue\r\nContent-Length: 9\r\n')).answer()
      expect(await client.untilEnded()).toBe('end')
    })

    it('answers Expect: 100-continue and passes the body on', async () => {
      const service = await httpService((request, response) => {
        let text = ''
        request.on('data', (chunk: Buffer) => (text += chunk.toString())).on('end', () => response.end(text))
      })
      const { client, host } = await open(service.port)
      client.send(`POST / HTTP/1.1\r\nHost: ${host}\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n`)
      await client.until(() => client.received.includes('100 Continue'), '100 Continue')
      expect((await client.send('body').answer()).body).toBe('body')
    })

    it('ignores 103 from the service and delivers the answer', async () => {
      const service = await answering(
        'HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
      )
      const { client, host } = await open(service.port)
      expect((await client.send(get(host)).answer()).body).toBe('ok')
    })
  })

  async function warm(client: RawClient, host: string): Promise<void> {
    await client.send(get(host)).answer()
  }

  /** Writes until nothing more is accepted for a while; resolves to the bytes that were. */
  async function pushUntilStuck(
    socket: net.Socket,
    chunk = Buffer.alloc(262_144),
    withinMs = 600,
  ): Promise<number> {
    for (let sent = 0; sent < 300_000_000; sent += chunk.length) {
      if (socket.write(chunk)) continue
      const drained = await Promise.race([once(socket, 'drain').then(() => true), sleep(withinMs, false)])
      if (!drained) return sent - socket.writableLength
    }
    return Number.POSITIVE_INFINITY
  }
}
