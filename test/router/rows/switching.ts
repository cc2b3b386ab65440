import { describe, expect, it } from 'vitest'
import type { RouteChange } from '../../../contract/routing.ts'
import { startLoad } from '../load.ts'
import { headerOf, sendRaw } from '../raw-client.ts'
import type { Release } from '../releases.ts'
import { startRelease } from '../releases.ts'
import { httpService } from '../services.ts'
import type { Suite } from '../suite.ts'
import { routeTo } from '../suite.ts'

const switches = 8

export function switching({ running }: Suite): void {
  it('rows 1 and 2: no request fails over 8 switches, none that starts after one reaches the old release', async () => {
    const { router, port } = running()
    const host = 'switched.localhost'
    const liveFrom = new Map<string, number>()

    async function bring(number: number): Promise<Release> {
      // In turn: releases that finish what they have on SIGTERM, and releases that exit at once.
      const release = await startRelease(String(number), number % 2 === 0 ? 'graceful' : 'instant')
      await router.change({
        route: 'switched/production',
        fence: { deployment: number, revision: 0 },
        hosts: [host],
        target: { instance: `switched-${number}`, host: '127.0.0.1', port: release.port },
      })
      liveFrom.set(release.name, performance.now())
      return release
    }

    let live = await bring(1)
    const load = startLoad(port, host)
    for (let number = 2; number <= switches + 1; number++) {
      const old = live
      live = await bring(number)
      expect(await router.drain(`switched-${old.name}`, 10_000)).toEqual({ requests: 0, tunnels: 0 })
      await old.stop()
    }
    await load.stop()

    expect(load.outcomes.filter(({ error }) => error !== undefined)).toEqual([])
    const kinds = new Set(load.outcomes.map(({ kind }) => kind))
    expect([...kinds].toSorted()).toEqual(['events', 'fast', 'slow', 'upload', 'webSocket'])
    const late = load.outcomes.filter(({ release, startedAt }) => {
      const next = liveFrom.get(String(Number(release) + 1))
      return release !== '' && next !== undefined && startedAt > next
    })
    expect(late).toEqual([])
    expect(new Set(load.outcomes.map(({ release }) => release)).size).toBeGreaterThan(switches)
    await live.stop()
  }, 90_000)

  describe('row 3: the fence', () => {
    const change = (name: string, deployment: number, revision = 0, port = 1): RouteChange => ({
      route: `${name}/production`,
      fence: { deployment, revision },
      hosts: [`${name}.localhost`],
      target: { instance: `${name}-${deployment}-${port}`, host: '127.0.0.1', port },
    })

    it('answers a repeated change as before, and carries it out once', async () => {
      const { router } = running()
      const first = await router.change(change('repeated', 5))
      expect(await router.change(change('repeated', 5))).toEqual(first)
      expect(await router.find('repeated/production')).toEqual(first)
    })

    it('refuses an older change, and another one with the same fence', async () => {
      const { router } = running()
      const current = { deployment: 5, revision: 1 }
      const state = await router.change(change('fenced', 5, 1))
      const stale = { name: 'StaleFence', current }
      await expect(router.change(change('fenced', 4))).rejects.toMatchObject(stale)
      await expect(router.change(change('fenced', 5, 0))).rejects.toMatchObject(stale)
      await expect(router.change(change('fenced', 5, 1, 2))).rejects.toMatchObject(stale)
      await expect(router.remove('fenced/production', { deployment: 5, revision: 0 })).rejects.toMatchObject(
        stale,
      )
      expect(await router.find('fenced/production')).toEqual(state)
    })

    it('of a removed route is remembered, so that a late change does not bring it back', async () => {
      const { router } = running()
      await router.change(change('removed', 5))
      await router.remove('removed/production', { deployment: 6, revision: 0 })
      await router.remove('removed/production', { deployment: 6, revision: 0 })
      expect(await router.find('removed/production')).toBeUndefined()
      await expect(router.change(change('removed', 5))).rejects.toMatchObject({ name: 'StaleFence' })
      await expect(router.change(change('removed', 6))).rejects.toMatchObject({ name: 'StaleFence' })
      await router.change(change('removed', 7))
      await router.remove('never-known/production', { deployment: 1, revision: 0 })
    })

    it('goes with a host name that only one route may have', async () => {
      const { router } = running()
      await router.change(change('owner', 1))
      const taken = { ...change('thief', 9), hosts: ['thief.localhost', 'owner.localhost'] }
      await expect(router.change(taken)).rejects.toMatchObject({ name: 'HostTaken' })
      expect(await router.find('thief/production')).toBeUndefined()
    })

    it('keeps traffic where the newest change has put it', async () => {
      const answering = (text: string) => httpService((_, response) => response.setHeader('x-by', text).end())
      const [old, fresh] = [await answering('old'), await answering('new')]
      const { host, route } = await routeTo(running(), old.port)
      const to = (port: number, deployment: number): RouteChange => ({
        route,
        fence: { deployment, revision: 0 },
        hosts: [host],
        target: { instance: `kept-${deployment}`, host: '127.0.0.1', port },
      })
      await running().router.change(to(fresh.port, 3))
      await expect(running().router.change(to(old.port, 2))).rejects.toMatchObject({ name: 'StaleFence' })
      const answer = await sendRaw(running().port, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
      expect(headerOf(answer, 'x-by')).toBe('new')
    })
  })
}
