import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ObservedProcess, Process } from '../../contract/process.ts'
import { processSchema } from '../../contract/process.ts'
import { plan } from '../../plan/index.ts'
import { report } from '../../worker/report-processes.ts'
import { treeOf } from '../plan/trees.ts'
import { addShop, deploy, end, startApi, type Api } from './api.ts'

let api: Api
beforeAll(async () => {
  api = await startApi()
}, 60_000)
afterAll(() => api.stop())

const files = { Procfile: 'worker: work\nweb: serve\nclock: tick\nrelease: migrate\n' }

/** Makes a deployment live whose plan has more than web. */
async function live(serviceId: string): Promise<number> {
  const { id, number } = await deploy(api, serviceId)
  const { deployments, releases } = api.store
  await deployments.started(id, { runId: 'run', at: new Date() })
  const of = { serviceId, environment: 'production', number }
  await releases.record({
    ...of,
    releaseId: `${serviceId}.production.r${number}`,
    deploymentId: id,
    commitSha: 'a'.repeat(40),
    commitMessage: '',
    plan: plan(treeOf(files)),
    sealedVariables: [],
  })
  await deployments.markLive({ ...of, deploymentId: id, releaseNumber: number })
  await end(api, id, 'SUCCEEDED')
  return number
}

const list = async (serviceId: string): Promise<Process[]> => {
  const path = `/v1/services/${serviceId}/environments/production/processes`
  const { status, body } = await api.call<{ data: Process[] }>('GET', path)
  expect(status).toBe(200)
  return body.data.map((one) => processSchema.parse(one))
}

it('shows what should run of the live release, with what its host saw last', async () => {
  await addShop(api, 'shop')
  expect(await list('shop')).toEqual([])
  const number = await live('shop')
  expect((await list('shop')).map(({ name, command, state }) => [name, command, state])).toEqual([
    ['web', 'serve', 'unknown'],
    ['clock', 'tick', 'unknown'],
    ['worker', 'work', 'unknown'],
  ])
  const at = '2026-01-31T12:00:00.000Z'
  const web = { state: 'running', pid: 7, restarts: 0, lastExit: null, startedAt: at, generation: 1 } as const
  const lastExit = { code: 1, signal: null, at, limit: null }
  const worker = { ...web, state: 'backingOff', pid: null, restarts: 3, lastExit } as const
  const id = `shop/production/${number}`
  const instances = [
    { ...web, id, port: 20_000 },
    { ...worker, id: `${id}/worker`, port: 0 },
    // The release before it drains still.
    { ...web, id: `shop/production/${number - 1}`, port: 20_001 },
  ]
  const host = {
    store: api.store,
    runtime: { list: () => Promise.resolve(instances) },
    releases: {
      environments: () => Promise.resolve([{ serviceId: 'shop', environment: 'production' }]),
      live: () => Promise.resolve({ number, releaseNumber: number, instance: id, port: 20_000 }),
    },
  } as unknown as Parameters<typeof report>[0]
  const written = new Map()
  await report(host, written)
  const seen = await list('shop')
  expect(seen).toMatchObject([
    { name: 'web', state: 'running', pid: 7, port: 20_000 },
    { name: 'clock', state: 'unknown', observedAt: expect.any(String) },
    { name: 'worker', state: 'backingOff', port: null, restarts: 3, lastExit },
  ])
  // The same again is not written at once.
  await report(host, written)
  expect(await list('shop')).toEqual(seen)
})

it('forgets what it saw of another release', async () => {
  await addShop(api, 'other')
  const number = await live('other')
  const processes: ObservedProcess[] = [
    { name: 'web', state: 'running', pid: 1, port: 2, restarts: 0, lastExit: null, startedAt: null },
  ]
  const see = (of: number) => api.store.processes.observed('other', 'production', { number: of, processes })
  await see(number - 1)
  expect((await list('other'))[0]).toMatchObject({ name: 'web', state: 'unknown', observedAt: null })
  await see(number)
  expect((await list('other'))[0]).toMatchObject({ name: 'web', state: 'running' })
  await api.store.environments.remove('other', 'production')
  await see(number)
  expect(await api.store.processes.find('other', 'production')).toBeUndefined()
})

it('answers 404 for what is not there', async () => {
  const path = '/v1/services/shop/environments/none/processes'
  await api.refused(404, 'EnvironmentNotFound', 'GET', path)
})
