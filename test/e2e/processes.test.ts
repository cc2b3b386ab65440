import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Client, Connection, type ScheduleHandle } from '@temporalio/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CronEntry } from '../../contract/cron.ts'
import { cronScheduleId, runWorkflowId } from '../../contract/names.ts'
import type { Process } from '../../contract/process.ts'
import type { Run } from '../../contract/run.ts'
import { isThorough } from '../faults/points.ts'
import { processesWith, remainsOf } from './remains.ts'
import { repositoryRoot } from './repository.ts'
import { expectStatus, makeService, until, type TestService } from './service.ts'
import { startSluice, type Sluice } from './sluice.ts'

const root = repositoryRoot()
const points = path.join(root.directory, 'crash-points')
mkdirSync(points)
let sluice: Sluice
let service: TestService
let temporal: Client
beforeAll(async () => {
  const env = { SLUICE_SOURCE_ROOTS: root.directory, SLUICE_CRASH_POINTS: points }
  sluice = await startSluice({ env })
  temporal = new Client({ connection: await Connection.connect({ address: sluice.temporalAddress }) })
  service = await makeService(sluice, root.directory, 'shop')
  service.repository.commit({ 'sluice.yaml': config })
}, 120_000)
afterAll(async () => {
  await temporal?.connection.close()
  await sluice?.stop()
  root.remove()
}, 60_000)

const config = `start: exec node server.js
bootTimeout: 2s
drain: 1s
processes:
  worker: echo "$SLUICE_DEPLOYMENT" >> "$COUNT_FILE"; exec sleep 600
cron:
  nightly:
    schedule: 30 3 * * *
    timeZone: Europe/Berlin
    command: echo turn >> "$COUNT_FILE"; while [ ! -e ${path.join(root.directory, 'gate')} ]; do sleep 0.1; done; echo "turned in $SLUICE_RELEASE"
`

const base = '/v1/services/shop/environments/production'
const processes = async (): Promise<Process[]> =>
  ((await expectStatus(sluice.api('GET', `${base}/processes`), 200)) as { data: Process[] }).data

/** An agent that was killed is noticed after ten seconds: tried with all faults only. */
function killAt(...names: string[]): void {
  if (isThorough) for (const point of names) writeFileSync(path.join(points, `shop@${point}`), '')
}

test('each release has its worker once, and the old one ends, kill -9 of the agent or not', async () => {
  expect(await service.deploy()).toMatchObject({ status: 'SUCCEEDED' })
  await until(async () => (await processes()).every(({ state }) => state === 'running'))
  const before = (await processes()).find(({ name }) => name === 'worker')!
  killAt('workers booted', 'pointed')
  expect(await service.deploy()).toMatchObject({ status: 'SUCCEEDED' })
  await until(async () => {
    const worker = (await processes()).find(({ name }) => name === 'worker')!
    return worker.state === 'running' && worker.pid !== before.pid
  })
  expect(service.counts()).toEqual({ 1: 1, 2: 1 })
  expect(() => process.kill(before.pid!, 0)).toThrow('ESRCH')
  expect((await sluice.cli('ps', 'shop')).stdout).toMatch(/worker +running/)
}, 120_000)

test('a run streams its output, ends as its command ends, and runs once though the agent is killed', async () => {
  const answer = await sluice.cli('run', 'shop', '--', 'sh', '-c', 'echo "in $SLUICE_RELEASE"; exit 7')
  expect(answer).toMatchObject({ exitCode: 7, stdout: 'in 2\n' })
  killAt('run ended')
  const command = 'echo run >> "$COUNT_FILE"; echo done'
  const twice = await sluice.cli('run', 'shop', '--', command)
  expect(twice).toMatchObject({ exitCode: 0, stdout: 'done\n' })
  expect(service.counts()).toMatchObject({ run: 1 })
  const { data } = (await expectStatus(sluice.api('GET', `${base}/runs`), 200)) as { data: Run[] }
  expect(data.map(({ status, exitCode }) => [status, exitCode])).toEqual([
    ['SUCCEEDED', 0],
    ['FAILED', 7],
  ])
}, 120_000)

const start = async (command: string) => {
  const run = (await expectStatus(sluice.api('POST', `${base}/runs`, { command }), 202)) as Run
  const of = `${base}/runs/${run.id}`
  return {
    workflow: temporal.workflow.getHandle(runWorkflowId(run.id)),
    cancel: () => expectStatus(sluice.api('POST', `${of}/cancel`), 202),
    read: async () => (await expectStatus(sluice.api('GET', of), 200)) as Run,
    lines: async (): Promise<string[]> => {
      const { body } = await sluice.api('GET', `${of}/output?limit=100`, undefined, json)
      return body.data.map(({ text }: { text: string }) => text)
    },
  }
}

test('a run whose workflow was terminated is attached to again, or canceled with all its processes', async () => {
  const open = path.join(root.directory, 'open')
  const run = await start(
    `echo again >> "$COUNT_FILE"; echo before; while [ ! -e ${open} ]; do sleep 0.1; done; echo after; exit 3`,
  )
  const other = await start('echo $$; sleep 600')
  await until(async () => (await run.lines()).length + (await other.lines()).length === 2)
  await other.workflow.terminate()
  await other.cancel()
  await until(async () => (await other.read()).status === 'CANCELED')
  const [pid] = await other.lines()
  await until(() => !existsSync(`/proc/${pid}`))
  // Of a termination an agent that lives is told, and ends the command.
  sluice.killPart('agent', 'SIGKILL')
  await run.workflow.terminate()
  // By the worker's next look.
  await until(async () => (await run.workflow.describe()).status.name === 'RUNNING')
  writeFileSync(open, '')
  await until(async () => (await run.read()).status === 'FAILED')
  expect(await run.read()).toMatchObject({ exitCode: 3, note: null })
  expect(await run.lines()).toEqual(['before', 'after'])
  expect(service.counts()).toMatchObject({ again: 1 })
}, 120_000)

test('a cron entry of the live release has its turns one at a time', async () => {
  const handle = temporal.schedule.getHandle(cronScheduleId('shop', 'production', 'nightly'))
  await until(() => isThere(handle))
  const read = async () =>
    ((await expectStatus(sluice.api('GET', `${base}/cron`), 200)) as { data: CronEntry[] }).data[0]!
  expect(await read()).toMatchObject({
    name: 'nightly',
    timeZone: 'Europe/Berlin',
    lastRun: null,
    note: null,
  })
  // Asked for by hand a turn may overlap, unless it is asked for as its times are.
  const { policies } = await handle.describe()
  await handle.trigger(policies.overlap)
  await until(async () => (await read()).lastRun?.status === 'RUNNING')
  // A turn is named by its second: one of the same second would be refused for its name alone.
  const second = Math.floor(Date.now() / 1000)
  await until(() => Math.floor(Date.now() / 1000) > second)
  await handle.trigger(policies.overlap)
  await until(async () => (await handle.describe()).info.numActionsSkippedOverlap === 1)
  writeFileSync(path.join(root.directory, 'gate'), '')
  await until(async () => (await read()).lastRun?.status === 'SUCCEEDED')
  const { lastRun } = await read()
  const { body } = await sluice.api('GET', `${base}/runs/${lastRun!.id}/output`, undefined, json)
  expect(body.data.map(({ text }: { text: string }) => text)).toEqual(['turned in 2'])
  expect(service.counts()).toMatchObject({ turn: 1 })
  rmSync(path.join(root.directory, 'gate'))
  await handle.trigger(policies.overlap)
  await until(async () => (await read()).lastRun?.status === 'RUNNING')
  const { id } = (await read()).lastRun!
  await expectStatus(sluice.api('POST', `${base}/runs/${id}/cancel`), 202)
  await until(async () => (await read()).lastRun?.status === 'CANCELED')
  // The turn is over for its Schedule as well.
  await until(async () => (await handle.describe()).info.runningActions.length === 0)
}, 120_000)

const isThere = (handle: ScheduleHandle): Promise<boolean> =>
  handle.describe().then(
    () => true,
    () => false,
  )

test('a canceled run ends with all its processes, and the environment goes with its workers, runs and cron entries', async () => {
  const run = await start('echo $$; sleep 600')
  await until(async () => (await run.lines()).length > 0)
  const pid = Number((await run.lines())[0])
  await run.cancel()
  await until(async () => (await run.read()).status === 'CANCELED')
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  const { pid: worker } = (await processes()).find(({ name }) => name === 'worker')!
  const command = 'echo last >> "$COUNT_FILE"; exec sleep 600'
  await expectStatus(sluice.api('POST', `${base}/runs`, { command }), 202)
  await until(() => service.counts()['last'] === 1)
  await expectStatus(sluice.api('DELETE', base), 204)
  expect(processesWith(sluice, 'shop/production/run')).toEqual([])
  expect(service.counts()).toMatchObject({ last: 1 })
  expect(() => process.kill(worker!, 0)).toThrow('ESRCH')
  expect(remainsOf(sluice, 'shop.production.2')).toEqual([])
  const handle = temporal.schedule.getHandle(cronScheduleId('shop', 'production', 'nightly'))
  await until(async () => !(await isThere(handle)))
}, 120_000)

const json = { accept: 'application/json' }
