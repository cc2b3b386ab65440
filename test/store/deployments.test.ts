import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { postgresStore } from '../../adapters/store/postgres/index.ts'
import type { Deployment } from '../../contract/deployment.ts'
import { failureOf } from '../../contract/failures.ts'
import type { Store } from '../../ports/store.ts'
import { createDatabase, startPostgres } from '../postgres.ts'
import type { TestPostgres } from '../postgres.ts'
import { addShop, newDeployment, queue, releaseOf } from './shop.ts'

let postgres: TestPostgres
let store: Store

beforeAll(async () => {
  postgres = await startPostgres()
  store = await postgresStore({
    databaseUrl: await createDatabase(postgres.url),
    temporalUiUrl: 'http://127.0.0.1:7711/',
    temporalNamespace: 'default',
  })
})
afterAll(async () => {
  await store?.close()
  await postgres?.stop()
})
beforeEach(async () => {
  await store.services.remove('shop')
  await addShop(store)
})

const find = async (id: string): Promise<Deployment> => {
  const found = await store.deployments.find(id)
  if (!found) throw new Error(`${id} is not there`)
  return found
}
const statuses = (deployment: Deployment) =>
  Object.fromEntries(deployment.steps.map((step) => [step.name, step.status]))
const eventsOf = async (id: string) =>
  (await store.deployments.events(id, 0, 100)).map(({ seq, type, step, status }) => ({
    seq,
    type,
    step,
    status,
  }))
const started = (id: string) => store.deployments.started(id, { runId: 'run-1', at: new Date() })

test('a queued deployment has pending steps and one event, however many writers record it', async () => {
  const writers = Array.from({ length: 8 }, () => store.deployments.recordQueued(newDeployment(1)))
  await Promise.all(writers)
  const deployment = await find('shop.production.1')
  expect(deployment).toMatchObject({
    status: 'QUEUED',
    queuePosition: 1,
    live: false,
    runId: null,
    temporalUrl: null,
  })
  expect(deployment.steps.map((step) => step.status)).toEqual(Array(9).fill('PENDING'))
  expect(await eventsOf(deployment.id)).toEqual([{ seq: 1, type: 'queued', step: null, status: 'QUEUED' }])
})

test('the server and the lane that record the same deployments at the same moment are both content', async () => {
  const numbers = Array.from({ length: 150 }, (_, at) => at + 1)
  await Promise.all(
    [...numbers, ...numbers].map((number) => store.deployments.recordQueued(newDeployment(number))),
  )
  for (const number of numbers) {
    const racing = [1, 2, 3].map(() => store.deployments.recordQueued(newDeployment(150 + number)))
    await Promise.all(racing)
  }
  expect(
    (await store.deployments.list({ serviceId: 'shop', includeArchived: false, limit: 500 })).data,
  ).toHaveLength(300)
})

test('recording a deployment whose environment was deleted meanwhile does nothing', async () => {
  await store.deployments.recordQueued(newDeployment(1, { environment: 'gone' }))
  expect(await store.deployments.find('shop.gone.1')).toBeUndefined()
  expect(await store.deployments.status('shop.gone.1')).toBeNull()
})

test('a rollback has only the steps that build nothing', async () => {
  const id = await queue(store, 1, { trigger: 'rollback', releaseId: 'shop.production.r1' })
  expect(Object.keys(statuses(await find(id)))).toEqual(['preflight', 'validate', 'switch', 'cleanup'])
})

test('the queue position counts the queued deployments before it', async () => {
  for (const number of [1, 2, 3]) await queue(store, number)
  await started('shop.production.1')
  expect(
    await Promise.all([1, 2, 3].map(async (n) => (await find(`shop.production.${n}`)).queuePosition)),
  ).toEqual([null, 1, 2])
})

test('a started deployment links to its workflow', async () => {
  const id = await queue(store, 1)
  await started(id)
  await started(id)
  const deployment = await find(id)
  expect(deployment.status).toBe('RUNNING')
  expect(deployment.temporalUrl).toBe(
    'http://127.0.0.1:7711/namespaces/default/workflows/deploy%2Fshop%2Fproduction%2F1/run-1',
  )
  expect((await eventsOf(id)).map((event) => event.type)).toEqual(['queued', 'started'])
})

test('an older attempt of a step changes nothing, a newer one starts it again', async () => {
  const id = await queue(store, 1)
  await store.deployments.stepStarted(id, 'build', 2)
  await store.deployments.stepStarted(id, 'build', 1)
  await store.deployments.stepStarted(id, 'build', 2)
  await store.deployments.stepFinished(id, 'build', { status: 'SUCCEEDED', detail: 'built' })
  await store.deployments.stepFinished(id, 'build', { status: 'SUCCEEDED', detail: 'built twice' })
  const build = async () => (await find(id)).steps.find((step) => step.name === 'build')
  expect(await build()).toMatchObject({ status: 'SUCCEEDED', attempt: 2, detail: 'built' })
  await store.deployments.stepStarted(id, 'build', 3)
  expect(await build()).toMatchObject({ status: 'RUNNING', attempt: 3, detail: null, finishedAt: null })
  expect((await eventsOf(id)).map((event) => event.status)).toEqual([
    'QUEUED',
    'RUNNING',
    'SUCCEEDED',
    'RUNNING',
  ])
})

test('events written by many at once have no gap and no double, and a reader that resumes misses none', async () => {
  const id = await queue(store, 1)
  const seen: number[] = []
  let writing = true
  const reader = (async () => {
    for (let more = true; more;) {
      more = writing
      for (const event of await store.deployments.events(id, seen.at(-1) ?? 0, 3)) seen.push(event.seq)
    }
    for (const event of await store.deployments.events(id, seen.at(-1) ?? 0, 1000)) seen.push(event.seq)
  })()
  const attempts = Array.from({ length: 40 }, (_, index) => index + 1)
  await Promise.all(
    attempts.flatMap((attempt) => [
      store.deployments.stepStarted(id, 'build', attempt),
      store.deployments.stepFinished(id, 'build', { status: 'SUCCEEDED', detail: null }),
    ]),
  )
  writing = false
  await reader
  const all = await store.deployments.events(id, 0, 1000)
  expect(all.map((event) => event.seq)).toEqual(all.map((_, index) => index + 1))
  expect(seen).toEqual(all.map((event) => event.seq))
})

test('a failure fails the step under way and skips the later ones', async () => {
  const id = await queue(store, 1)
  await store.deployments.stepFinished(id, 'preflight', { status: 'SUCCEEDED', detail: null })
  await store.deployments.stepStarted(id, 'fetch', 1)
  const failure = failureOf('RefNotFound', 'no branch nope\nsecond line with a NUL \0', 'fetch')
  await store.deployments.finish(id, { status: 'FAILED', compensation: 'DONE', failure, step: 'fetch' })
  const deployment = await find(id)
  expect(statuses(deployment)).toMatchObject({
    preflight: 'SUCCEEDED',
    fetch: 'FAILED',
    install: 'SKIPPED',
    cleanup: 'SKIPPED',
  })
  expect(deployment).toMatchObject({
    status: 'FAILED',
    compensation: 'DONE',
    failure: { code: 'RefNotFound', step: 'fetch', message: 'no branch nope\nsecond line with a NUL \u2400' },
  })
  expect((await store.deployments.events(id, 0, 100)).at(-1)).toMatchObject({
    type: 'finished',
    status: 'FAILED',
    detail: 'no branch nope',
  })
})

test('a step that failed before its start was recorded is failed, not skipped', async () => {
  const id = await queue(store, 1)
  const failure = failureOf('HostUnavailable', 'no agent')
  await store.deployments.finish(id, { status: 'FAILED', compensation: 'NONE', failure, step: 'preflight' })
  expect(statuses(await find(id))).toMatchObject({ preflight: 'FAILED', fetch: 'SKIPPED' })
})

test('a cancellation cancels the step under way and the later ones', async () => {
  const id = await queue(store, 1)
  await store.deployments.stepStarted(id, 'preflight', 1)
  await store.deployments.cancelRequested(id, { by: 'ann', reason: 'wrong branch' })
  await store.deployments.cancelRequested(id, { by: 'bob', reason: null })
  await store.deployments.finish(id, {
    status: 'CANCELED',
    compensation: 'DONE',
    failure: null,
    step: 'preflight',
  })
  const deployment = await find(id)
  expect(new Set(Object.values(statuses(deployment)))).toEqual(new Set(['CANCELED']))
  expect(deployment.cancelRequested).toMatchObject({ by: 'ann', reason: 'wrong branch' })
  expect((await eventsOf(id)).map((event) => event.type)).toEqual([
    'queued',
    'step',
    'cancelRequested',
    'step',
    'finished',
  ])
})

test('a superseded deployment names the one that took its place', async () => {
  for (const number of [1, 2, 3]) await queue(store, number)
  await store.deployments.finish('shop.production.1', {
    status: 'SUPERSEDED',
    compensation: 'NONE',
    failure: null,
    step: null,
  })
  expect(await find('shop.production.1')).toMatchObject({
    status: 'SUPERSEDED',
    supersededBy: 'shop.production.2',
  })
  expect(statuses(await find('shop.production.1')).preflight).toBe('SKIPPED')
})

test('nothing changes a deployment that has ended', async () => {
  const id = await queue(store, 1)
  await store.deployments.finish(id, { status: 'SUCCEEDED', compensation: 'NONE', failure: null, step: null })
  const before = await find(id)
  const events = await eventsOf(id)
  await started(id)
  await store.deployments.stepStarted(id, 'fetch', 1)
  await store.deployments.stepFinished(id, 'fetch', { status: 'SUCCEEDED', detail: null })
  await store.releases.record(releaseMadeBy(id, 'late'))
  await store.deployments.cancelRequested(id, { by: 'ann', reason: null })
  await store.deployments.finish(id, { status: 'FAILED', compensation: 'FAILED', failure: null, step: null })
  expect(await find(id)).toEqual(before)
  expect(await eventsOf(id)).toEqual(events)
})

test('only a deployment that has ended is archived', async () => {
  const id = await queue(store, 1)
  expect(await store.deployments.archive(id, true)).toBe(false)
  expect(await store.deployments.archive('shop.production.9', true)).toBeUndefined()
  await store.deployments.finish(id, { status: 'SUCCEEDED', compensation: 'NONE', failure: null, step: null })
  const archived = await store.deployments.archive(id, true)
  expect(archived).toMatchObject({ id, archivedAt: expect.any(String) })
  expect(await store.deployments.archive(id, true)).toEqual(archived)
  expect(await store.deployments.archive(id, false)).toMatchObject({ archivedAt: null })
})

test('live moves forward only', async () => {
  for (const number of [1, 2]) await queue(store, number)
  await store.deployments.markLive(releaseOf(2))
  await store.deployments.markLive(releaseOf(1))
  await store.deployments.markLive(releaseOf(2))
  expect([(await find('shop.production.1')).live, (await find('shop.production.2')).live]).toEqual([
    false,
    true,
  ])
  const environment = await store.environments.find('shop', 'production')
  expect(environment?.live).toMatchObject({
    number: 2,
    deploymentId: 'shop.production.2',
    releaseId: 'shop.production.r2',
  })
  expect((await eventsOf('shop.production.2')).map((event) => event.type)).toEqual(['queued', 'live'])
})

test('an undo that comes too late does not let an older mark in', async () => {
  for (const number of [1, 2, 3]) await queue(store, number)
  await store.deployments.markLive(releaseOf(3))
  await store.deployments.unmarkLive(releaseOf(1), null)
  await store.deployments.markLive(releaseOf(2))
  expect((await store.environments.find('shop', 'production'))?.live).toMatchObject({ number: 3 })
})

test('taking live back returns it to the one before, since when it was live, and a late mark loses', async () => {
  for (const number of [1, 2]) await queue(store, number)
  await store.deployments.markLive(releaseOf(1))
  const before = (await store.environments.find('shop', 'production'))?.live
  await store.deployments.markLive(releaseOf(2))
  await store.deployments.unmarkLive(releaseOf(2), 1)
  await store.deployments.unmarkLive(releaseOf(2), 1)
  await store.deployments.markLive(releaseOf(2))
  expect((await store.environments.find('shop', 'production'))?.live).toEqual(before)
  expect((await find('shop.production.1')).live).toBe(true)
})

test('taking back a live that never happened keeps the live one and refuses the late mark', async () => {
  for (const number of [1, 2, 3]) await queue(store, number)
  await store.deployments.markLive(releaseOf(1))
  await store.deployments.unmarkLive(releaseOf(2), null)
  await store.deployments.markLive(releaseOf(2))
  expect((await store.environments.find('shop', 'production'))?.live?.number).toBe(1)
  await store.deployments.markLive(releaseOf(3))
  expect((await store.environments.find('shop', 'production'))?.live?.number).toBe(3)
})

test('unfinished deployments come oldest first', async () => {
  for (const number of [1, 2, 3]) await queue(store, number)
  await started('shop.production.2')
  await store.deployments.finish('shop.production.1', {
    status: 'CANCELED',
    compensation: 'NONE',
    failure: null,
    step: null,
  })
  expect((await store.deployments.unfinished()).map(({ number }) => number)).toEqual([2, 3])
})

/** As the fetch of the first deployment records it. */
const releaseMadeBy = (id: string, commitMessage: string) => ({
  releaseId: 'shop.production.r1',
  deploymentId: id,
  serviceId: 'shop',
  environment: 'production',
  number: 1,
  commitSha: 'a'.repeat(40),
  commitMessage,
  plan: { technology: 'static', reasons: ['index\0.html'] } as never,
  sealedVariables: [],
})

test('the release, its plan and the commit appear together', async () => {
  const id = await queue(store, 1)
  await store.releases.record(releaseMadeBy(id, 'one\0two \ud800'))
  expect(await find(id)).toMatchObject({
    releaseId: 'shop.production.r1',
    commitSha: 'a'.repeat(40),
    commitMessage: 'one\u2400two \ufffd',
  })
  expect((await store.releases.find('shop.production.r1'))?.plan).toEqual({
    technology: 'static',
    reasons: ['index\u2400.html'],
  })
})
