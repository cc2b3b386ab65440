import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from '@temporalio/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lazyConnection } from '../../adapters/temporal/lazy-connection.ts'
import { laneId, scheduleId } from '../../contract/names.ts'
import { scheduleSchema, type Schedule } from '../../contract/schedule.ts'
import type { QueueView } from '../../contract/workflows.ts'
import { startTemporalServer, type TemporalServer } from '../temporal-server.ts'
import { addShop, startApi, succeed, deploy, type Api } from './api.ts'

let api: Api
let temporal: TemporalServer
let client: Client
let home: string
const workers: ChildProcess[] = []

beforeAll(async () => {
  temporal = await startTemporalServer()
  client = new Client({ connection: lazyConnection({ address: temporal.address }) })
  ;[api, home] = await Promise.all([
    startApi({}, undefined, temporal.address),
    mkdtemp(path.join(os.tmpdir(), 'sluice-schedules-')),
  ])
  // The bundle of the workflows, which takes seconds to make.
  await symlink(path.join(import.meta.dirname, '..', '..', '.cache'), path.join(home, 'bundles'))
  await addShop(api)
}, 120_000)
afterAll(async () => {
  await Promise.all(workers.map(kill))
  await client.connection.close()
  await api.stop()
  await temporal.stop()
  await rm(home, { recursive: true, force: true })
})

/** The real one, as a process that can be killed. */
function startWorker(): ChildProcess {
  const worker = spawn(process.execPath, [path.join(import.meta.dirname, '..', '..', 'worker', 'main.ts')], {
    stdio: 'ignore',
    env: {
      PATH: process.env['PATH'],
      ...{ SLUICE_HOME: home, DATABASE_URL: api.databaseUrl, TEMPORAL_ADDRESS: temporal.address },
    },
  })
  workers.push(worker)
  return worker
}

async function kill(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return
  const gone = once(worker, 'exit')
  worker.kill('SIGKILL')
  await gone
}

const schedules = '/v1/services/shop/environments/production/schedules'
const at = (ms: number) => new Date(Date.now() + ms).toISOString()
const create = async (schedule: object) => {
  const answer = await api.call<Schedule>('POST', schedules, schedule)
  expect(answer, answer.text).toMatchObject({ status: 201 })
  return scheduleSchema.parse(answer.body)
}
const read = async (name: string) => (await api.call<Schedule>('GET', `${schedules}/${name}`)).body

async function lastRun(name: string): Promise<NonNullable<Schedule['lastRun']>> {
  for (;;) {
    const { lastRun: run } = await read(name)
    if (run) return run
    await wait(100)
  }
}

async function inLane(): Promise<string[]> {
  const { running, waiting } = await client.workflow
    .getHandle(laneId('shop', 'production'))
    .query<QueueView>('queue')
  return [...(running ? [running] : []), ...waiting]
}

describe('schedules', () => {
  it('shows the next runs as Temporal will carry them out', async () => {
    const nightly = await create({ name: 'nightly', cron: '30 2 * * *', timeZone: 'Europe/Berlin' })
    expect(nightly).toMatchObject({ action: { kind: 'deploy' }, paused: false, lastRun: null })
    expect(nightly.nextRuns).toHaveLength(5)
    const description = await client.schedule
      .getHandle(scheduleId('shop', 'production', 'nightly'))
      .describe()
    const next = description.info.nextActionTimes.slice(0, 5).map((time) => time.toISOString())
    expect(nightly.nextRuns).toEqual(next)
    expect(description.searchAttributes).toMatchObject({ Service: ['shop'], Environment: ['production'] })
    const all = await api.call<{ data: Schedule[] }>('GET', schedules)
    expect(all.body.data).toEqual([nightly])
  })

  it('comes once in the night in which the clock jumps ahead, and once when it is set back', async () => {
    const years = [1, 2, 3].map((more) => new Date().getUTCFullYear() + more)
    for (const year of years) {
      for (const month of ['03', '10']) {
        const runs = await matching(
          'nightly',
          `${year}-${month}-20T00:00:00Z`,
          `${year}-${month}-31T12:00:00Z`,
        )
        const days = runs.map((run) => run.slice(0, 10))
        expect(days, days.join(' ')).toHaveLength(new Set(days).size)
        expect(days.length).toBe(12)
      }
    }
  })

  it('refuses what is no time, or no schedule', async () => {
    const wrong: [object, string][] = [
      [{ name: 'x' }, '/cron'],
      [{ name: 'x', cron: '* * * * *', at: at(60_000) }, '/cron'],
      [{ name: 'x', cron: '* * * *' }, '/cron'],
      [{ name: 'x', cron: '0 0 31 2 *' }, '/cron'],
      [{ name: 'x', cron: '0 0 1 * 5' }, '/cron'],
      [{ name: 'x', cron: '@every 1s' }, '/cron'],
      [{ name: 'x', cron: '* * * * *\nCRON_TZ=UTC' }, '/cron'],
      [{ name: 'x', cron: '@daily', timeZone: 'Mars/Olympus' }, '/timeZone'],
      [{ name: 'x', at: '2001-01-01T00:00:00Z' }, '/at'],
      [{ name: 'x', at: '9999-12-31T23:59:59Z' }, '/at'],
      [{ name: 'x', at: '2100-12-31T23:59:59-00:01' }, '/at'],
      [{ name: 'x', at: at(60_000), timeZone: 'UTC' }, '/timeZone'],
      [{ name: '../x', cron: '@daily' }, '/name'],
      [{ name: 'x', cron: '@daily', action: { kind: 'deploy', ref: '--exec=id' } }, '/action/ref'],
      [{ name: 'x', cron: '@daily', backfill: true }, '/backfill'],
    ]
    for (const [body, pointer] of wrong) {
      const { body: problem } = await api.refused(422, 'ValidationFailed', 'POST', schedules, body)
      expect(
        problem.errors?.map((error) => error.pointer),
        JSON.stringify(body),
      ).toContain(pointer)
    }
    const last = '2100-12-31T23:59:59.000Z'
    expect((await create({ name: 'last', at: last })).nextRuns).toEqual([last])
    await api.refused(409, 'ScheduleExists', 'POST', schedules, { name: 'nightly', cron: '@daily' })
    await api.refused(404, 'ScheduleNotFound', 'POST', `${schedules}/none/trigger`)
    await api.refused(404, 'NotFound', 'POST', `${schedules}/nightly/backfill`)
    await api.refused(404, 'EnvironmentNotFound', 'GET', schedules.replace('production', 'staging'))
  })

  it('fires once each through kill -9 of the worker; a paused one does not fire, a deleted one neither', async () => {
    const first = startWorker()
    await wait(1_000)
    const due = at(6_000)
    await create({ name: 'once', at: due })
    await create({ name: 'branch', at: due, action: { kind: 'deploy', ref: 'staging' } })
    await create({ name: 'again', at: due, action: { kind: 'redeploy' } })
    await create({ name: 'held', at: due })
    await create({ name: 'gone', at: due })
    expect(await api.call('POST', `${schedules}/held/pause`, { reason: 'holidays' })).toMatchObject({
      status: 200,
      body: { paused: true, pausedReason: 'holidays' },
    })
    expect((await api.call('DELETE', `${schedules}/gone`)).status).toBe(204)
    await kill(first)
    await wait(Date.parse(due) - Date.now() + 500)
    startWorker()
    const started = [await lastRun('once'), await lastRun('branch')].map(({ deploymentId }) => deploymentId)
    expect(new Set(started).size).toBe(2)
    expect(await lastRun('again')).toMatchObject({ deploymentId: null, note: 'nothing is live yet' })
    expect((await inLane()).toSorted()).toEqual(started.map(String).toSorted())
    expect((await read('once')).nextRuns).toEqual([])
    expect(await read('held')).toMatchObject({ paused: true, lastRun: null })
  }, 60_000)

  it('runs a schedule on demand, also a paused one, and rolls back', async () => {
    const one = await deploy(api)
    await succeed(api, one)
    await succeed(api, await deploy(api))
    const action = { kind: 'rollback' }
    await create({ name: 'back', cron: '0 0 1 1 *', action })
    await api.call('POST', `${schedules}/back/pause`)
    expect((await api.call('POST', `${schedules}/back/trigger`)).status).toBe(202)
    const { deploymentId } = await lastRun('back')
    expect(await inLane()).toContain(deploymentId)
    expect(await api.call('POST', `${schedules}/back/resume`)).toMatchObject({ body: { paused: false } })
  }, 30_000)

  it('starts nothing in an environment that is held, and notes who holds it', async () => {
    await create({ name: 'late', cron: '0 0 1 1 *' })
    await api.store.environments.hold('shop', 'production', { by: 'ada', reason: 'an audit' })
    await api.call('POST', `${schedules}/late/trigger`)
    expect(await lastRun('late')).toMatchObject({ deploymentId: null, note: 'held by ada: an audit' })
    await api.store.environments.hold('shop', 'production', null)
  }, 30_000)

  it('gets back what Temporal has lost, paused as it was', async () => {
    await api.call('POST', `${schedules}/nightly/pause`, { reason: 'holidays' })
    await client.schedule.getHandle(scheduleId('shop', 'production', 'nightly')).delete()
    startWorker()
    while ((await read('nightly')).nextRuns.length === 0) await wait(100)
    expect(await read('nightly')).toMatchObject({ paused: true, pausedReason: 'holidays' })
  }, 30_000)

  it('is removed with its environment', async () => {
    const staging = '/v1/services/shop/environments/staging'
    await api.call('PUT', staging, { branch: 'staging' })
    await api.call('POST', `${staging}/schedules`, { name: 'nightly', cron: '@daily' })
    expect((await api.call('DELETE', staging)).status).toBe(204)
    await expect(
      client.schedule.getHandle(scheduleId('shop', 'staging', 'nightly')).describe(),
    ).rejects.toThrow(/not found/i)
  })

  it('leaves nothing behind while Temporal is away', async () => {
    const away = await startApi()
    try {
      await addShop(away)
      await away.refused(503, 'TemporalUnavailable', 'POST', schedules, { name: 'nightly', cron: '@daily' })
      expect(await away.store.schedules.list()).toEqual([])
    } finally {
      await away.stop()
    }
  }, 60_000)
})

async function matching(name: string, from: string, to: string): Promise<string[]> {
  const time = (text: string) => ({ seconds: Math.floor(Date.parse(text) / 1000) as never, nanos: 0 })
  const { startTime } = await client.connection.workflowService.listScheduleMatchingTimes({
    namespace: 'default',
    scheduleId: scheduleId('shop', 'production', name),
    startTime: time(from),
    endTime: time(to),
  })
  return startTime.map(({ seconds }) => new Date(Number(seconds) * 1000).toISOString())
}
