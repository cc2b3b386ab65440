import { Client } from '@temporalio/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { beginCronRun } from '../../activities/begin-cron-run.ts'
import { temporalCron } from '../../adapters/temporal/cron.ts'
import { lazyConnection } from '../../adapters/temporal/lazy-connection.ts'
import { cronEntrySchema, type CronEntry } from '../../contract/cron.ts'
import { cronScheduleId } from '../../contract/names.ts'
import type { Deployment } from '../../contract/deployment.ts'
import type { Plan } from '../../contract/plan.ts'
import { ScheduleRefused } from '../../ports/schedules.ts'
import { keepInStep } from '../../worker/keep-cron.ts'
import { startTemporalServer, type TemporalServer } from '../temporal-server.ts'
import { addShop, deploy, end, startApi, type Api } from './api.ts'

let api: Api
let temporal: TemporalServer
let client: Client
beforeAll(async () => {
  temporal = await startTemporalServer()
  client = new Client({ connection: lazyConnection({ address: temporal.address }) })
  api = await startApi()
}, 120_000)
afterAll(async () => {
  await client.connection.close()
  await api.stop()
  await temporal.stop()
})

const log = { warn: () => {} }
const look = (thorough = false) => keepInStep({ store: api.store, cron: temporalCron(client), log }, thorough)

type Entry = Plan['cron'][number]
const entry = (name: string, schedule: string, more: Partial<Entry> = {}): Entry => ({
  ...{ name, schedule, command: `echo ${name}`, reason: '' },
  ...more,
})

/** Makes a deployment live whose plan has these entries; answers it. */
async function live(serviceId: string, cron: Entry[]): Promise<Deployment> {
  const deployment = await deploy(api, serviceId)
  const { id, number } = deployment
  const of = { serviceId, environment: 'production', number }
  await api.store.deployments.started(id, { runId: 'run', at: new Date() })
  await api.store.releases.record({
    ...of,
    releaseId: `${serviceId}.production.r${number}`,
    deploymentId: id,
    commitSha: 'a'.repeat(40),
    commitMessage: '',
    plan: { cron } as Plan,
    sealedVariables: [],
  })
  await api.store.deployments.markLive({ ...of, deploymentId: id, releaseNumber: number })
  await end(api, id, 'SUCCEEDED')
  return deployment
}

/** Times of each Schedule that Temporal has of a service. */
async function timesOf(serviceId: string): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {}
  for (const name of ['nightly', 'hourly', 'other']) {
    const handle = client.schedule.getHandle(cronScheduleId(serviceId, 'production', name))
    const described = await handle.describe().catch(() => undefined)
    if (described) found[name] = described.info.nextActionTimes[0]?.toISOString().slice(11, 16)
  }
  return found
}

const list = async (serviceId: string): Promise<CronEntry[]> => {
  const path = `/v1/services/${serviceId}/environments/production/cron`
  const { status, body } = await api.call<{ data: CronEntry[] }>('GET', path)
  expect(status).toBe(200)
  return body.data.map((one) => cronEntrySchema.parse(one))
}

it('follows what is live: a switch, a way back, a loss of Temporal, a removal', async () => {
  await addShop(api, 'shop')
  await look()
  expect(await timesOf('shop')).toEqual({})
  const first = await live('shop', [entry('nightly', '30 2 * * *'), entry('other', '0 5 * * *')])
  await look()
  expect(await timesOf('shop')).toEqual({ nightly: '02:30', other: '05:00' })
  const second = await live('shop', [entry('nightly', '45 3 * * *')])
  await look()
  expect(await timesOf('shop')).toEqual({ nightly: '03:45' })
  // The undo of the second switch.
  const { number, id } = second
  const release = {
    serviceId: 'shop',
    environment: 'production',
    number,
    releaseNumber: number,
    deploymentId: id,
  }
  await api.store.deployments.unmarkLive(release, first.number)
  await look()
  expect(await timesOf('shop')).toEqual({ nightly: '02:30', other: '05:00' })
  await client.schedule.getHandle(cronScheduleId('shop', 'production', 'nightly')).delete()
  await look()
  expect(await timesOf('shop')).toEqual({ other: '05:00' })
  await look(true)
  expect(await timesOf('shop')).toEqual({ nightly: '02:30', other: '05:00' })
  await api.store.environments.remove('shop', 'production')
  await look()
  expect(await timesOf('shop')).toEqual({})
  expect(await api.store.cron.kept('shop')).toEqual([])
})

it('keeps the time of the zone, and takes day and weekday for either of the two', async () => {
  await addShop(api, 'zoned')
  await live('zoned', [entry('hourly', '0 12 13 * FRI', { timeZone: 'Asia/Tokyo' })])
  await look()
  const handle = client.schedule.getHandle(cronScheduleId('zoned', 'production', 'hourly'))
  const { nextActionTimes } = (await handle.describe()).info
  expect(new Set(nextActionTimes.map((time) => time.toISOString().slice(11, 16)))).toEqual(new Set(['03:00']))
  // Fridays do not wait for the thirteenth.
  expect(nextActionTimes[1]!.getTime() - nextActionTimes[0]!.getTime()).toBeLessThanOrEqual(7 * 86_400_000)
  const [shown] = await list('zoned')
  expect(shown!.nextRuns.slice(0, 2)).toEqual(nextActionTimes.slice(0, 2).map((time) => time.toISOString()))
})

it('says why times cannot be kept, and does not ask again and again', async () => {
  await addShop(api, 'refused')
  await live('refused', [entry('nightly', '30 2 * * *')])
  let asked = 0
  const refusing = {
    put: async () => {
      asked++
      throw new ScheduleRefused('no such time')
    },
    isThere: () => Promise.resolve(false),
    remove: () => Promise.resolve(),
  }
  await api.store.environments.remove('zoned', 'production')
  await keepInStep({ store: api.store, cron: refusing, log }, true)
  await keepInStep({ store: api.store, cron: refusing, log }, true)
  expect(asked).toBe(1)
  expect(await list('refused')).toMatchObject([{ name: 'nightly', note: 'no such time', lastRun: null }])
})

it('a turn is one run of what is live then, and none of what is gone', async () => {
  await addShop(api, 'turns')
  const { secrets, store } = api.deps
  const turn = { serviceId: 'turns', environment: 'production', name: 'nightly', turnId: 'turn-1' }
  const begin = beginCronRun({ store, secrets })
  expect(await begin(turn)).toBeNull()
  await live('turns', [entry('nightly', '30 2 * * *', { command: 'old' })])
  const { id } = await live('turns', [entry('nightly', '30 2 * * *', { command: 'new' })])
  const run = await begin(turn)
  expect(await begin(turn)).toEqual(run)
  expect((await list('turns'))[0]!.lastRun).toMatchObject({
    ...{ id: run!.runId, kind: 'cron', cronName: 'nightly', command: 'new', deploymentId: id },
    status: 'QUEUED',
  })
  await store.runs.finish(run!.runId, { status: 'SUCCEEDED', exitCode: 0, note: null })
  // The same turn again, after a loss of Temporal's memory, is over.
  expect(await begin(turn)).toBeNull()
  expect(await begin({ ...turn, name: 'other', turnId: 'turn-2' })).toBeNull()
})
