import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { RawClient } from '../raw-client.ts'
import { httpService, rawService } from '../services.ts'
import type { Suite } from '../suite.ts'
import { routeTo } from '../suite.ts'

export function draining({ running }: Suite): void {
  describe('row 12: what a target has in flight', () => {
    /** Answers `/slow` when told to. */
    async function busyRoute() {
      let finish = () => {}
      const slow = new Promise<void>((resolve) => (finish = resolve))
      const service = await httpService(async (request, response) => {
        for await (const _ of request);
        if (request.url === '/slow') await slow
        response.end('done')
      })
      const { host, route, instance } = await routeTo(running(), service.port)
      const send = async (text: string) => (await RawClient.connect(running().port)).send(text)
      return { service, host, route, instance, finish, send }
    }
    const unroute = (route: string) =>
      running().router.change({ route, fence: { deployment: 2, revision: 0 }, hosts: [], target: null })

    it('counts requests from their first byte, uploads included', async () => {
      const { host, instance, finish, send } = await busyRoute()
      const { router } = running()
      const slow = await send(`GET /slow HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
      const upload = await send(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 8\r\n\r\npart`)
      await until(async () => (await router.load(instance)).requests === 2)
      upload.send('rest')
      expect((await upload.answer()).body).toBe('done')
      expect(await router.load(instance)).toEqual({ requests: 1, tunnels: 0 })
      finish()
      await slow.answer()
      expect(await router.load(instance)).toEqual({ requests: 0, tunnels: 0 })
    })

    it('counts tunnels apart', async () => {
      const service = await rawService((socket) => {
        socket.once('data', () => {
          socket.write(
            'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
          )
        })
        socket.on('end', () => socket.end())
      })
      const { host, instance } = await routeTo(running(), service.port)
      const client = await RawClient.connect(running().port)
      client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`)
      await client.answer()
      expect(await running().router.load(instance)).toEqual({ requests: 0, tunnels: 1 })
      client.close()
      await until(async () => (await running().router.load(instance)).tunnels === 0)
    })

    it('is waited for by a drain, and no longer', async () => {
      const { host, route, instance, finish, send } = await busyRoute()
      const client = await send(`GET /slow HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
      await until(async () => (await running().router.load(instance)).requests === 1)
      await unroute(route)
      const started = performance.now()
      setTimeout(finish, 300)
      expect(await running().router.drain(instance, 5_000)).toEqual({ requests: 0, tunnels: 0 })
      const took = performance.now() - started
      expect(took).toBeGreaterThan(280)
      expect(took).toBeLessThan(1_000)
      expect((await client.answer()).body).toBe('done')
    })

    it('is cut at the limit of a drain, which tells what was cut', async () => {
      const { host, route, instance, send } = await busyRoute()
      const client = await send(`GET /slow HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
      await until(async () => (await running().router.load(instance)).requests === 1)
      await unroute(route)
      expect(await running().router.drain(instance, 100)).toEqual({ requests: 1, tunnels: 0 })
      expect((await client.answer()).status).toBe(503)
      expect(await running().router.load(instance)).toEqual({ requests: 0, tunnels: 0 })
    })

    it('stays when nobody waits for the drain any more', async () => {
      const { host, route, instance, finish, send } = await busyRoute()
      const client = await send(`GET /slow HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
      await until(async () => (await running().router.load(instance)).requests === 1)
      await unroute(route)
      const signal = AbortSignal.timeout(50)
      await expect(running().router.drain(instance, 150, signal)).rejects.toThrow()
      await sleep(200)
      finish()
      expect((await client.answer()).body).toBe('done')
    })

    it('stays when the target is routed again during the drain', async () => {
      const { host, route, instance, service, finish, send } = await busyRoute()
      const client = await send(`GET /slow HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
      await until(async () => (await running().router.load(instance)).requests === 1)
      await unroute(route)
      const drained = running().router.drain(instance, 300)
      const target = { instance, host: '127.0.0.1', port: service.port }
      await running().router.change({ route, fence: { deployment: 2, revision: 1 }, hosts: [host], target })
      await expect(drained).rejects.toThrow(/still gets traffic/)
      finish()
      expect((await client.answer()).body).toBe('done')
    })

    it('is not drained while the target is routed', async () => {
      const { instance } = await busyRoute()
      await expect(running().router.drain(instance, 100)).rejects.toThrow(/still gets traffic/)
    })
  })
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (await condition()) return
    await sleep(5)
  }
  throw new Error('the condition did not come true')
}
