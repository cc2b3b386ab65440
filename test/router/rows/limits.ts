import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { RawClient, sendRaw } from '../raw-client.ts'
import { httpService, unusedPort } from '../services.ts'
import type { RunningRouter, Suite, SuiteLimits } from '../suite.ts'
import { routeTo } from '../suite.ts'

export function limits({ running, start }: Suite): void {
  describe('row 28: limits', () => {
    it('refuses a header of 70 KB with 431', async () => {
      const service = await httpService((_, response) => response.end('ok'))
      const { host } = await routeTo(running(), service.port)
      const fill = `X-Fill: ${'x'.repeat(7_000)}\r\n`.repeat(10)
      expect((await sendRaw(running().port, `GET / HTTP/1.1\r\nHost: ${host}\r\n${fill}\r\n`)).status).toBe(
        431,
      )
      expect(service.seen).toEqual([])
    })

    it('gives a client limited time for its header', async () => {
      await withLimits({ clientHeaderMs: 400 }, async ({ port }) => {
        const client = await RawClient.connect(port)
        client.send('GET / HTTP/1.1\r\nHost: sl')
        expect((await client.answer()).status).toBe(408)
        await client.untilEnded()
      })
    })

    it('closes what is idle, and what never said anything, without a word', async () => {
      await withLimits({ clientHeaderMs: 2_000, keepAliveMs: 300 }, async ({ port }) => {
        const silent = await RawClient.connect(port)
        const idle = await RawClient.connect(port)
        expect((await idle.send('GET / HTTP/1.1\r\nHost: nobody\r\n\r\n').answer()).status).toBe(404)
        await idle.untilEnded()
        expect(silent.ended).toBeUndefined()
        await silent.untilEnded()
        expect([silent.received, idle.received]).toEqual(['', ''])
      })
    })

    it('gives a client limited time between the parts of a body, but not for the whole', async () => {
      await withLimits({ clientBodyMs: 300 }, async (strict) => {
        let aborted = false
        const service = await httpService((request, response) => {
          request.on('aborted', () => (aborted = true))
          request.resume().on('end', () => response.end('ok'))
        })
        const { host, instance } = await routeTo(strict, service.port)
        const upload = `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 60\r\n\r\n`

        const steady = await RawClient.connect(strict.port)
        steady.send(upload)
        for (let i = 0; i < 6; i++) {
          await sleep(100)
          steady.send('0123456789')
        }
        expect((await steady.answer()).body).toBe('ok')
        steady.close()

        const stalled = await RawClient.connect(strict.port)
        expect((await stalled.send(`${upload}part`).answer()).status).toBe(408)
        await stalled.untilEnded()
        await stalled.until(() => aborted, 'the abort at the service')
        expect(await strict.router.load(instance)).toEqual({ requests: 0, tunnels: 0 })
      })
    })

    it('gives up a client that takes nothing of its answer, but not one that is slow', async () => {
      await withLimits({ streamMs: 2_000 }, async (strict) => {
        let gone = 0
        const service = await httpService((_, response) => {
          const push = (): void => {
            while (!response.destroyed)
              if (!response.write(Buffer.alloc(65_536))) return void response.once('drain', push)
          }
          push()
          response.on('close', () => gone++)
        })
        const { host, instance } = await routeTo(strict, service.port)
        const [stuck, slow] = await Promise.all([
          RawClient.connect(strict.port),
          RawClient.connect(strict.port),
        ])
        for (const client of [stuck, slow]) client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
        stuck.socket.pause()
        const trickle = setInterval(() => {
          slow.socket.resume()
          setTimeout(() => slow.socket.pause(), 20)
        }, 100)
        await stuck.until(() => gone === 1, 'the end of the answer at the service', 15_000)
        expect(await strict.router.load(instance)).toEqual({ requests: 1, tunnels: 0 })
        clearInterval(trickle)
        expect(slow.ended).toBeUndefined()
        for (const client of [stuck, slow]) client.close()
      })
    })

    it.each(['declined', 'refused'])(
      'closes a WebSocket that was %s when the client does not',
      async (how) => {
        await withLimits({ lingerMs: 200 }, async (strict) => {
          const service = await httpService((_, response) => response.writeHead(404).end('no'))
          const { host } = await routeTo(strict, how === 'declined' ? service.port : await unusedPort())
          const client = await RawClient.connect(strict.port)
          const handshake = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
          await client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n${handshake}\r\n`).untilEnded()
          await sleep(100)
          client.send('still here')
          await sleep(400)
          client.send('still here').send('still here')
          await client.until(() => client.ended === 'reset' || client.socket.closed, 'the close')
        })
      },
    )

    it('gives up an answer that declines a WebSocket and stalls', async () => {
      await withLimits({ streamMs: 300 }, async (strict) => {
        const service = await httpService((_, response) => response.writeHead(200).write('begun'))
        const { host, instance } = await routeTo(strict, service.port)
        const client = await RawClient.connect(strict.port)
        const handshake = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
        expect(await client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n${handshake}\r\n`).untilEnded()).toBe(
          'reset',
        )
        expect(await strict.router.load(instance)).toEqual({ requests: 0, tunnels: 0 })
      })
    })

    it('caps the connections', async () => {
      await withLimits({ maxConnections: 3 }, async ({ port }) => {
        const clients = await Promise.all([0, 1, 2, 3].map(() => RawClient.connect(port)))
        await expect.poll(() => clients.filter((client) => client.ended !== undefined)).toHaveLength(1)
        for (const client of clients) client.close()
      })
    })

    it('caps what one release has in flight, without touching the others', async () => {
      await withLimits({ maxPerTarget: 2 }, async (strict) => {
        const busy = await httpService(() => {})
        const free = await httpService((_, response) => response.end('ok'))
        const { host } = await routeTo(strict, busy.port)
        const { host: other } = await routeTo(strict, free.port)
        const request = (name: string) => `GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`
        const waiting = await Promise.all([0, 1].map(() => RawClient.connect(strict.port)))
        for (const client of waiting) client.send(request(host))
        await sleep(50)
        const answer = await sendRaw(strict.port, request(host))
        expect(answer.status).toBe(503)
        expect((await sendRaw(strict.port, request(other))).status).toBe(200)
        for (const client of waiting) client.close()
      })
    })

    async function withLimits(
      limits: SuiteLimits,
      test: (router: RunningRouter) => Promise<void>,
    ): Promise<void> {
      const router = await start({ limits })
      try {
        await test(router)
      } finally {
        await router.stop()
      }
    }
  })
}
