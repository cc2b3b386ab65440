import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createServer } from 'node:net'
import { expect, test, vi } from 'vitest'
import { identityOf } from '../../adapters/process/identity.ts'
import { readProcess } from '../../adapters/process/process-table.ts'
import { embeddedRouter } from '../../adapters/router/embedded/index.ts'
import { reconcile } from '../../worker/reconcile/index.ts'
import { until } from '../process/host.ts'
import { hostBench, quiet } from './host-bench.ts'
import { runHolder } from '../router/embedded-router.ts'
import { useStoreAndRouter } from './use-store-and-router.ts'

// Real processes, a database and a router: patience costs nothing where it is not needed.
vi.setConfig({ testTimeout: 60_000 })

const shared = useStoreAndRouter()

const host = (serviceId: string, options?: { known: boolean }) => hostBench(shared, serviceId, options)

test('a host that is as it should be is left alone', async () => {
  const shop = await host('fine')
  const { port } = await shop.live(1)
  await until(async () => (await shop.get(port)) === 'fine/production/1')
  expect(await shop.repairs()).toEqual([])
})

test('a live service whose shell and processes were killed comes back, once', async () => {
  const shop = await host('killed')
  const { port } = await shop.live(1)
  await until(async () => (await shop.get(port)) === 'killed/production/1')
  const { pid } = (await shop.runtime.status('killed/production/1'))!
  const shell = readProcess(pid!)!.parent
  for (const one of [shell, pid!]) process.kill(one, 'SIGKILL')
  await until(async () => (await shop.runtime.status('killed/production/1'))?.state === 'gone')
  expect(await shop.repairs()).toEqual(['revive killed/production/1'])
  // Elsewhere, if the killed one had not let go of its port yet.
  const revived = (await shop.runtime.status('killed/production/1'))!
  await until(async () => (await shop.get(revived.port)) === 'killed/production/1')
  expect(await shop.repairs()).toEqual([])
})

test('one whose folder is lost comes back, although a later deployment failed; one that was stopped does not', async () => {
  const shop = await host('lost')
  await shop.live(1)
  await shop.deployment(2, 'FAILED')
  await shop.runtime.stop('lost/production/2', 0)
  const { pid } = (await shop.runtime.status('lost/production/1'))!
  for (const one of [readProcess(pid!)!.parent, pid!]) process.kill(one, 'SIGKILL')
  rmSync(path.join(shop.home, 'instances/lost/production/1'), { recursive: true })
  expect(await shop.repairs()).toContain('revive lost/production/1')
  const { port } = (await shop.runtime.status('lost/production/1'))!
  await until(async () => (await shop.get(port)) === 'lost/production/1')
  expect((await shared.routing.router.find('lost/production'))!.target!.port).toBe(port)
  // As by the removal of its environment, which forgets the pointer last.
  await shop.runtime.stop('lost/production/1', 300)
  await shop.repairs()
  expect(await shop.runtime.list()).toEqual([])
})

test('its route follows when its port is taken, also after a switch that was undone', async () => {
  const shop = await host('moved')
  const { port } = await shop.live(1)
  // Deployment 2 had switched and switched back: the fence is its own.
  await shop.deployment(2, 'FAILED')
  rmSync(path.join(shop.home, 'environments/moved/production/releases/2'), { recursive: true })
  await shop.switchTo(2, 1)
  const fence = { deployment: 2, revision: 1 }
  const earlier = { instance: 'moved/production/1', host: '127.0.0.1', port }
  await shared.routing.router.change({
    route: 'moved/production',
    fence,
    hosts: ['moved.localhost'],
    target: earlier,
  })
  const live = { number: 1, releaseNumber: 1, instance: 'moved/production/1', port }
  await shop.ports.releases.setLive('moved', 'production', fence, live)
  await shop.runtime.halt('moved/production/1', 300)
  const thief = createServer().listen(port, '127.0.0.1')
  try {
    expect(await shop.repairs()).toEqual(['revive moved/production/1'])
    const route = await shared.routing.router.find('moved/production')
    expect(route).toMatchObject({ fence: { deployment: 2, revision: 2 } })
    expect(route!.target!.port).not.toBe(port)
    expect((await shop.ports.releases.live('moved', 'production'))!.port).toBe(route!.target!.port)
  } finally {
    thief.close()
  }
})

test('a router that lost its state gets its routes back', async () => {
  const shop = await host('routed')
  const { port } = await shop.live(1)
  const { folder, env, holder } = shared.routing
  const brief = { socketPath: env['SLUICE_ROUTER_SOCKET']!, patienceMs: 0 }
  holder.kill('SIGKILL')
  await until(
    async () =>
      !(await embeddedRouter(brief)
        .health()
        .catch(() => undefined)),
  )
  for (const name of readdirSync(folder).filter((file) => file.startsWith('routes.json')))
    rmSync(path.join(folder, name))
  shared.routing = await runHolder(folder, env)
  shop.ports.router = shared.routing.router
  expect(await shared.routing.router.find('routed/production')).toBeUndefined()
  expect(await shop.repairs()).toEqual(['route'])
  expect(await shared.routing.router.find('routed/production')).toMatchObject({
    hosts: ['routed.localhost'],
    target: { instance: 'routed/production/1', port },
  })
})

test('what deployments that have ended left behind is removed', async () => {
  const shop = await host('strays')
  await shop.deployment(1, 'SUCCEEDED')
  await shop.start(1)
  await shop.deployment(2, 'FAILED')
  await shop.start(2)
  const jobs = await shop.job(2)
  const { port } = await shop.live(3)
  mkdirSync(path.join(shop.home, 'instances/strays/production/4'))
  const register = path.join(shop.home, 'instances/.ports')
  writeFileSync(path.join(register, '29991'), 'strays/production/4')
  expect((await shop.repairs()).toSorted()).toEqual([
    'discardJobs strays/production/2',
    'discardRelease strays/production/2',
    'stop strays/production/1',
    'stop strays/production/2',
  ])
  expect(existsSync(jobs)).toBe(false)
  expect((await shop.runtime.list()).map(({ id }) => id)).toEqual(['strays/production/3'])
  expect(readdirSync(register)).toEqual([String(port)])
  // The kept release stays.
  expect(await shop.ports.releases.list('strays', 'production')).toEqual([3, 1])
  expect(await shared.store.releases.find('strays.production.r2')).toMatchObject({ kept: false })
  expect(await shop.get(port)).toBe('strays/production/3')
})

test('an environment that was deleted while its host was away goes', async () => {
  const shop = await host('deleted')
  await shop.live(1)
  await shared.store.environments.remove('deleted', 'production')
  expect((await shop.repairs()).toSorted()).toEqual(['forget', 'stop deleted/production/1', 'unroute'])
  expect(await shop.runtime.list()).toEqual([])
  expect(await shared.routing.router.find('deleted/production')).toBeUndefined()
  expect(await shop.ports.releases.environments()).toEqual([])
})

test('nothing of a deployment that waits or runs is touched, nor the release that it may go back to', async () => {
  const shop = await host('busy')
  await shop.deployment(1, 'SUCCEEDED')
  await shop.start(1)
  await shop.deployment(2, 'RUNNING')
  const { port } = await shop.start(2)
  await shop.switchTo(2, port)
  await shop.job(2)
  await shop.deployment(3, 'QUEUED')
  expect(await shop.repairs()).toEqual([])
  expect(await shop.runtime.list()).toHaveLength(2)
})

test('a deployment that comes between the look and the act is seen', async () => {
  const shop = await host('between')
  await shop.deployment(1, 'SUCCEEDED')
  await shop.start(1)
  await shop.live(2)
  let looks = 0
  const { deployments } = shared.store
  const unfinished: typeof deployments.unfinished = async () => {
    // After the first comparison, before the second.
    if (++looks === 3) await shop.deployment(3, 'RUNNING')
    return deployments.unfinished()
  }
  shop.ports.store = { ...shared.store, deployments: { ...deployments, unfinished } }
  expect(await shop.repairs()).toEqual([])
  expect(await shop.runtime.list()).toHaveLength(2)
})

test('what this store has never heard of is not touched: it may be the wrong store', async () => {
  const shop = await host('foreign', { known: false })
  await (await shop.ports.releases.stage(shop.release(1))).publish('source', {})
  await shop.start(1)
  const live = { number: 1, releaseNumber: 1, instance: shop.idOf(1), port: 1 }
  await shop.ports.releases.setLive('foreign', 'production', { deployment: 1, revision: 0 }, live)
  await (await shop.ports.releases.stage(shop.release(2))).publish('source', {})
  await shop.start(2)
  await shop.job(1)
  expect(await shop.repairs()).toEqual([])
  expect(await shop.runtime.list()).toHaveLength(2)
  expect(await shop.ports.releases.list('foreign', 'production')).toEqual([2, 1])
})

test('without its store it touches nothing', async () => {
  const shop = await host('cut-off')
  await shop.deployment(1, 'FAILED')
  await shop.start(1)
  const down = () => Promise.reject(new Error('the database does not answer'))
  for (const answers of ['unfinished', 'find'] as const) {
    shop.ports.store = { ...shared.store, deployments: { ...shared.store.deployments, [answers]: down } }
    await expect(reconcile(shop.ports, quiet)).rejects.toThrow('does not answer')
  }
  expect(await shop.runtime.list()).toHaveLength(1)
  expect(await shop.ports.releases.list('cut-off', 'production')).toEqual([1])
})

test('a stranger is never touched: another home, other folders, a pid that was given away', async () => {
  const shop = await host('twin')
  await shop.deployment(1, 'FAILED')
  await shop.start(1)
  // The same names in another home: to this one they are strangers.
  const other = await host('twin', { known: false })
  await (await other.ports.releases.stage(other.release(1))).publish('source', {})
  const theirs = await other.start(1)
  const folders = [
    'instances/notes',
    'environments/Backup',
    'jobs/readme',
    'environments/twin/production/releases/old',
  ]
  for (const folder of folders) mkdirSync(path.join(shop.home, folder), { recursive: true })
  // The shell is gone, and its pid belongs to somebody else by now.
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore', detached: true })
  const { boot } = identityOf(stranger.pid!)!
  const claim = path.join(shop.home, 'instances/twin/production/1/shim-1')
  const { pid } = (await shop.runtime.status(shop.idOf(1)))!
  for (const one of [readProcess(pid!)!.parent, pid!]) process.kill(one, 'SIGKILL')
  writeFileSync(claim, `${stranger.pid}\n1\n${boot}\n`)
  try {
    expect((await shop.repairs()).toSorted()).toEqual([
      'discardRelease twin/production/1',
      'stop twin/production/1',
    ])
    expect(identityOf(stranger.pid!)).toBeDefined()
    expect(await shop.runtime.list()).toEqual([])
    expect(await other.runtime.status(other.idOf(1))).toMatchObject({ state: 'running', port: theirs.port })
    for (const folder of folders) expect(existsSync(path.join(shop.home, folder))).toBe(true)
  } finally {
    stranger.kill('SIGKILL')
  }
})
