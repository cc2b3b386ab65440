import { once } from 'node:events'
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { conformance } from './conformance.ts'
import type { EmbeddedRouter } from './embedded-router.ts'
import { runHolder, startEmbedded, startRouter } from './embedded-router.ts'
import { RawClient, sendRaw } from './raw-client.ts'
import { closeServices, httpService } from './services.ts'
import { routeTo } from './suite.ts'

conformance('the embedded router', startRouter)

describe('the embedded router alone', { timeout: 30_000 }, () => {
  const started: EmbeddedRouter[] = []
  const launch = async (env?: NodeJS.ProcessEnv) => {
    const router = await startEmbedded(env)
    started.push(router)
    return router
  }

  afterEach(async () => {
    await Promise.all(started.splice(0).map((router) => router.stop()))
    await closeServices()
  })

  const okService = () => httpService((_, response) => response.end('ok'))
  const request = (host: string) => `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`

  describe('rows 5 and 19: a state file that is damaged', () => {
    const damages: [how: string, damage: (text: string) => string | undefined][] = [
      ['cut short', (text) => text.slice(0, text.length / 2)],
      ['empty', () => ''],
      ['garbage', () => '\0'.repeat(300)],
      ['changed', (text) => text.replace('"deployment":2', '"deployment":9')],
      ['removed', () => undefined],
    ]

    async function damage(file: string, how: (text: string) => string | undefined) {
      const damaged = how(await readFile(file, 'utf8'))
      if (damaged === undefined) await rm(file)
      else await writeFile(file, damaged)
    }

    /** Two routes, the second at its second deployment, and both files written. */
    async function twoRoutes() {
      const router = await launch()
      const service = await okService()
      const { host } = await routeTo(router, service.port)
      const { state } = await routeTo(router, service.port, { deployment: 2, revision: 0 })
      const copy = `${router.statePath}.copy`
      const isCopied = async () =>
        (await readFile(router.statePath, 'utf8')) === (await readFile(copy, 'utf8').catch(() => ''))
      await vi.waitUntil(isCopied, { timeout: 5_000 })
      const restart = async () => {
        await router.kill()
        return router.router.list()
      }
      return { router, host, state, copy, isCopied, restart }
    }

    it('at a start: its copy is used, nothing is lost, and both are whole again', async () => {
      const { router, host, state, isCopied, restart } = await twoRoutes()
      for (const [how, change] of damages) {
        await damage(router.statePath, change)
        const routes = await restart()
        expect(routes, how).toHaveLength(2)
        expect(routes[1], how).toEqual(state)
        expect((await sendRaw(router.port, request(host))).status, how).toBe(200)
        expect(await isCopied(), how).toBe(true)
      }
      expect(router.logged().match(/state unreadable.*the copy is used/g)).toHaveLength(damages.length)
    })

    it('while the router runs, both of them: it serves on, and its next change makes them whole', async () => {
      const { router, host, copy, isCopied, restart } = await twoRoutes()
      await writeFile(router.statePath, 'torn')
      await writeFile(copy, 'torn')
      expect((await sendRaw(router.port, request(host))).status).toBe(200)
      await routeTo(router, 1)
      await vi.waitUntil(isCopied, { timeout: 5_000 })
      expect(await restart()).toHaveLength(3)
      expect(router.logged()).not.toContain('state unreadable')
    })

    it('only the copy: the file is used, and the copy is whole again', async () => {
      const { router, copy, isCopied, restart } = await twoRoutes()
      await writeFile(copy, '')
      expect(await restart()).toHaveLength(2)
      expect(await isCopied()).toBe(true)
      expect(router.logged()).not.toContain('state unreadable')
    })

    it('and its copy as well: the router starts without routes, says so, and takes them again', async () => {
      const { router, host, state, copy, restart } = await twoRoutes()
      await writeFile(router.statePath, 'torn')
      await writeFile(copy, 'torn')
      expect(await restart()).toEqual([])
      expect(router.logged()).toContain('the routes are lost')
      expect(await readFile(`${router.statePath}.unreadable`, 'utf8')).toBe('torn')
      expect((await sendRaw(router.port, request(host))).status).toBe(404)
      expect(await router.router.change(state)).toMatchObject({ fence: state.fence })
      expect(await restart()).toHaveLength(1)
    })
  })

  describe('the holder', () => {
    it('that is killed lets the router process finish and a new holder take the port', async () => {
      const router = await launch({ SLUICE_ROUTER_STOP_MS: '20000' })
      let finish = () => {}
      const service = await httpService((incoming, response) => {
        if (incoming.url === '/slow') finish = () => response.end('done')
        else response.end('ok')
      })
      const { host } = await routeTo(router, service.port)
      const client = (await RawClient.connect(router.port)).send(
        `GET /slow HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      )
      await client.until(() => service.seen.length === 1, 'the request at the service')
      router.holder.kill('SIGKILL')
      await once(router.holder, 'exit')
      const successor = await runHolder(router.folder, router.env)
      started.push(successor)
      const ask = () =>
        sendRaw(router.port, request(host)).then(
          ({ body }) => body,
          () => undefined,
        )
      await expect.poll(ask, { timeout: 10_000 }).toBe('ok')
      finish()
      expect((await client.answer()).body).toBe('done')
    })

    it('that is told to stop finishes what is in flight and leaves nothing behind', async () => {
      const router = await launch()
      const service = await httpService((_, response) => void setTimeout(() => response.end('done'), 300))
      const { host } = await routeTo(router, service.port)
      const client = (await RawClient.connect(router.port)).send(request(host))
      await client.until(() => service.seen.length === 1, 'the request at the service')
      const { pid } = await router.router.health()
      router.holder.kill('SIGTERM')
      const answer = await client.answer()
      expect([answer.body, new Map(answer.headers).get('connection')]).toEqual(['done', 'close'])
      expect(await once(router.holder, 'exit')).toEqual([0, null])
      expect(() => process.kill(pid, 0)).toThrow('ESRCH')
      await expect(sendRaw(router.port, request(host))).rejects.toThrow()
    })

    it('keeps the old router process when a new one does not come up', async () => {
      const router = await launch()
      const { pid } = await router.router.health()
      const service = await okService()
      const { host } = await routeTo(router, service.port)
      // A folder in the place of the state file: the successor cannot load it.
      await rm(router.statePath)
      await rm(`${router.statePath}.copy`, { force: true })
      await mkdir(router.statePath)
      router.holder.kill('SIGHUP')
      while (!router.logged().includes('successor did not become ready')) await sleep(20)
      expect((await router.router.health()).pid).toBe(pid)
      expect((await sendRaw(router.port, request(host))).body).toBe('ok')
      await rm(router.statePath, { recursive: true })
      await routeTo(router, service.port)
    })

    it('serves from one router process when a successor comes in the pause before a restart', async () => {
      const router = await launch({ SLUICE_ROUTER_SPARE: '0' })
      await rm(router.statePath, { force: true })
      await rm(`${router.statePath}.copy`, { force: true })
      await mkdir(router.statePath)
      await router.kill()
      while (!router.logged().includes('"restartInMs":1600')) await sleep(5)
      await rm(router.statePath, { recursive: true })
      const before = router.logged().length
      router.holder.kill('SIGHUP')
      await sleep(3_500) // twice the pause
      expect(
        router
          .logged()
          .slice(before)
          .match(/router started/g),
      ).toHaveLength(1)
    })

    it('says which settings are wrong', async () => {
      const wrong = startEmbedded({ SLUICE_ROUTER_PORT: 'http', SLUICE_ROUTER_STATE: '' })
      await expect(wrong).rejects.toThrow(/SLUICE_ROUTER_PORT is http.*SLUICE_ROUTER_STATE is not set/)
    })
  })

  describe('the control socket', () => {
    it('is for its owner only', async () => {
      const router = await launch()
      const { pid } = await router.router.health()
      const { mode } = await stat(`${router.env.SLUICE_ROUTER_SOCKET}.${pid}`)
      expect(mode & 0o777).toBe(0o600)
    })

    it('refuses a change that is malformed, with a sentence', async () => {
      const router = await launch()
      for (const [route, body] of [
        ['shop%2Fproduction', '{'],
        ['shop%2Fproduction', '{"hosts":[],"target":null}'],
        ['shop%2Fproduction', change({ hosts: ['shop.localhost:80'] })],
        ['shop%2Fproduction', change({ hosts: ['Shop.localhost'] })],
        ['shop%2Fproduction', change({ target: { instance: 'a', host: 'b', port: 70_000 } })],
        ['shop%2Fproduction', change({ fence: { deployment: -1, revision: 0 } })],
        ['shop%2Fproduction', change({ route: 'other/production' })],
        ['shop', change({})],
        ['%zz', change({})],
      ] as const) {
        const answer = await control(router, 'PUT', `/routes/${route}`, body)
        expect(answer.status, body).toBe(400)
        expect(JSON.parse(answer.text)).toMatchObject({ code: 'BadRequest', status: 400 })
      }
      expect(await router.router.list()).toEqual([])
    })

    it('counts answers and what is in flight in the format of Prometheus', async () => {
      const router = await launch()
      const service = await okService()
      const { host, route } = await routeTo(router, service.port)
      await sendRaw(router.port, request(host))
      const { text } = await control(router, 'GET', '/metrics')
      expect(text).toContain(`sluice_router_answers_total{route="${route}",class="2xx"} 1`)
      expect(text).toMatch(/sluice_router_in_flight\{instance="[^"]+"\} 0/)
    })
  })
})

function change(part: object): string {
  return JSON.stringify({
    fence: { deployment: 1, revision: 0 },
    hosts: ['shop.localhost'],
    target: null,
    ...part,
  })
}

function control(router: EmbeddedRouter, method: string, path: string, body = '') {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const socketPath = router.env.SLUICE_ROUTER_SOCKET as string
    const call = http.request({ socketPath, method, path, agent: false }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => (text += part))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
    })
    call.on('error', reject).end(body)
  })
}
