import { createHash, randomUUID } from 'node:crypto'
import { Client, WorkflowNotFoundError } from '@temporalio/client'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest'
import { beginRun } from '../../activities/attend-run.ts'
import { runIdOfTurn } from '../../activities/begin-cron-run.ts'
import { endRun } from '../../activities/end-run.ts'
import { postgresStore } from '../../adapters/store/postgres/index.ts'
import { temporalRuns } from '../../adapters/temporal/runs.ts'
import { controlQueue, hostQueue, runWorkflowId, workflowTypes } from '../../contract/names.ts'
import type { RunInput } from '../../contract/workflows.ts'
import type { RunStarter } from '../../ports/run-starter.ts'
import type { RunRow } from '../../ports/run-store.ts'
import type { Store } from '../../ports/store.ts'
import { wakeOnce } from '../../worker/wake-runs.ts'
import { createDatabase, startPostgres, type TestPostgres } from '../postgres.ts'
import { addShop } from '../store/shop.ts'
import { until, untilCanceled } from './scripted.ts'

let postgres: TestPostgres
let store: Store
let database: pg.Client
let connection: NativeConnection
let client: Client
let runs: RunStarter
let stopWorkers: () => Promise<void>
/** What the host did, of commands only that they were attended to and that what was left was ended. */
let calls: string[] = []
/** Until then a command goes on. */
let gate = Promise.withResolvers<void>()

const host = `s${randomUUID().slice(0, 8)}`
beforeAll(async () => {
  Runtime.install({
    logger: new DefaultLogger('ERROR', () => {}),
    shutdownSignals: [],
    telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN' } } },
  })
  postgres = await startPostgres()
  const databaseUrl = await createDatabase(postgres.url)
  store = await postgresStore({ databaseUrl })
  database = new pg.Client({ connectionString: databaseUrl })
  await database.connect()
  await addShop(store)
  connection = await NativeConnection.connect({ address: inject('temporalAddress') })
  client = new Client({ connection })
  runs = temporalRuns(client)
  stopWorkers = await startWorkers()
})
afterAll(async () => {
  gate.resolve()
  await stopWorkers?.()
  await Promise.all([connection?.close(), database?.end(), store?.close()])
  await postgres?.stop()
})
beforeEach(() => {
  calls = []
  gate.resolve()
  gate = Promise.withResolvers()
})

/** The real workflow with the real rows; only the command is one that we can hold. */
async function startWorkers(): Promise<() => Promise<void>> {
  const options = { connection, maxHeartbeatThrottleInterval: '100ms' } as const
  const attendRun = async ({ runId }: RunInput) => {
    calls.push('attendRun')
    await Promise.race([gate.promise, untilCanceled()])
    await store.runs.finish(runId, { status: 'SUCCEEDED', exitCode: 0, note: null })
  }
  const beginCronRun = async ({ turnId }: { turnId: string }) => {
    const run = await create(runIdOfTurn(turnId), 'cron')
    return { runId: run.id, host }
  }
  const workers = await Promise.all([
    Worker.create({
      ...options,
      taskQueue: controlQueue,
      workflowBundle: { codePath: inject('workflowBundle') },
      activities: { endRun: endRun({ store }), beginCronRun },
    }),
    Worker.create({
      ...options,
      taskQueue: hostQueue(host),
      activities: {
        beginRun: beginRun({ store }),
        attendRun,
        clearRun: async () => void calls.push('clearRun'),
      },
    }),
  ])
  const running = workers.map((worker) => worker.run())
  return async () => {
    for (const worker of workers) worker.shutdown()
    await Promise.all(running)
  }
}

const newId = () => `run_${createHash('sha256').update(randomUUID()).digest('hex').slice(0, 24)}`

/** All that is left of a request whose server was killed before it started the workflow. */
const create = (id = newId(), kind: RunRow['kind'] = 'run'): Promise<RunRow> =>
  store.runs.create({
    ...{ id, kind, host, serviceId: 'shop', environment: 'production', cronName: null, requestedBy: 'test' },
    ...{
      command: 'true',
      sealedCommand: '',
      deploymentId: 'shop.production.1',
      releaseId: 'shop.production.r1',
    },
    ...{ number: 1, releaseNumber: 1 },
  })
const statusOf = async ({ id }: { id: string }) => (await store.runs.find(id))?.status
const workflowOf = ({ id }: { id: string }) => client.workflow.getHandle(runWorkflowId(id))
const look = () => wakeOnce({ client, runs, store }, 0)
const age = ({ id }: RunRow, seconds: number) =>
  database.query(`update runs set created_at = now() - $2 * interval '1 second' where id = $1`, [id, seconds])

test('a run whose workflow was never started is started by the next look, once', async () => {
  const run = await create()
  await wakeOnce({ client, runs, store }, 10_000)
  expect(await statusOf(run)).toBe('QUEUED')
  await age(run, 11)
  await Promise.all([wakeOnce({ client, runs, store }, 10_000), look()])
  await until(() => calls.includes('attendRun'))
  await look()
  gate.resolve()
  await workflowOf(run).result()
  expect(await store.runs.find(run.id)).toMatchObject({ status: 'SUCCEEDED', exitCode: 0 })
  await look()
  expect(calls).toEqual(['attendRun'])
})

test('one that is found later than it may start ends as failed, and its command is not started', async () => {
  const run = await create()
  await age(run, 31)
  await look()
  await workflowOf(run).result()
  expect(await store.runs.find(run.id)).toMatchObject({
    ...{ status: 'FAILED', exitCode: null, startedAt: null },
    note: 'Nobody took it up within 30 s, so it was not started. Run it again.',
  })
  expect(calls).toEqual([])
})

test('a repeated request is run though the first one was taken back after its workflow had started', async () => {
  const id = newId()
  await runs.start({ id, host, serviceId: 'shop', environment: 'production' })
  await workflowOf({ id }).result()
  const run = await create(id)
  gate.resolve()
  await runs.start(run)
  await until(async () => (await statusOf(run)) === 'SUCCEEDED')
  // One that is over is not run again.
  await runs.start(run)
  await workflowOf(run).result()
  expect(calls).toEqual(['attendRun'])
})

test('a run whose workflow was terminated is attended to again', async () => {
  const run = await create()
  await runs.start(run)
  await until(() => calls.includes('attendRun'))
  await workflowOf(run).terminate()
  // The command of one that has begun is waiting for its end, however old it is.
  await age(run, 3600)
  await look()
  await until(() => calls.length === 2)
  gate.resolve()
  await until(async () => (await statusOf(run)) === 'SUCCEEDED')
})

test.each([
  ['was never started', async () => {}],
  [
    'was terminated',
    async (run: RunRow) => {
      await runs.start(run)
      await until(() => calls.includes('attendRun'))
      await workflowOf(run).terminate()
    },
  ],
])('a cancel ends a run whose workflow %s, and what is left of it', async (_, before) => {
  const run = await create()
  await before(run)
  await runs.cancel(run)
  await until(() => calls.includes('clearRun'))
  expect(await statusOf(run)).toBe('CANCELED')
  await runs.cancel(run)
  await workflowOf(run).result()
  expect(await statusOf(run)).toBe('CANCELED')
})

test('the turn of a cron entry is carried out by its own workflow, until that is gone; a cancel ends it', async () => {
  const turn = async () => {
    const workflowId = `cron-turn/shop/production/nightly-${randomUUID()}`
    const args = [{ serviceId: 'shop', environment: 'production', name: 'nightly' }]
    const handle = await client.workflow.start(workflowTypes.cron, {
      workflowId,
      taskQueue: controlQueue,
      args,
    })
    const seen = calls.length
    await until(() => calls.length > seen)
    return { handle, run: (await store.runs.find(runIdOfTurn(workflowId)))! }
  }
  const first = await turn()
  await until(async () => {
    const { count } = await client.workflow.count(`WorkflowId = '${first.handle.workflowId}'`)
    return count === 1
  })
  await look()
  await expect(workflowOf(first.run).describe()).rejects.toThrow(WorkflowNotFoundError)
  await first.handle.terminate()
  await until(async () => {
    await look()
    return calls.length === 2
  })
  gate.resolve()
  await until(async () => (await statusOf(first.run)) === 'SUCCEEDED')
  gate = Promise.withResolvers()
  const second = await turn()
  await runs.cancel(second.run)
  await until(() => calls.includes('clearRun'))
  expect(await statusOf(second.run)).toBe('CANCELED')
})
