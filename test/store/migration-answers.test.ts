import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { postgresStore } from '../../adapters/store/postgres/index.ts'
import { failureOf, type FailureCode } from '../../contract/failures.ts'
import { releaseId } from '../../contract/names.ts'
import type { Plan } from '../../contract/plan.ts'
import type { Store } from '../../ports/store.ts'
import { createDatabase, startPostgres } from '../postgres.ts'
import type { TestPostgres } from '../postgres.ts'
import { addShop, queue } from './shop.ts'

let postgres: TestPostgres
let store: Store

beforeAll(async () => {
  postgres = await startPostgres()
  store = await postgresStore({ databaseUrl: await createDatabase(postgres.url) })
})
afterAll(async () => {
  await store?.close()
  await postgres?.stop()
})
beforeEach(async () => {
  await store.services.remove('shop')
  await addShop(store)
})

const sha = 'a'.repeat(40)
const last = (before?: number) => store.deployments.lastMigration('shop', 'production', before)
const resolve = (id: string, answer: 'migrated' | 'not-migrated') =>
  store.deployments.resolveMigration(id, { answer, by: 'ada' })

/** A deployment that has started its hook. */
async function migrated(number: number): Promise<string> {
  const id = await queue(store, number)
  await store.releases.record({
    releaseId: releaseId('shop', 'production', number),
    deploymentId: id,
    serviceId: 'shop',
    environment: 'production',
    number,
    commitSha: sha,
    commitMessage: '',
    plan: {} as Plan,
    sealedVariables: [],
  })
  await store.deployments.stepStarted(id, 'migrate', 1)
  return id
}
const fail = (id: string, code: FailureCode) =>
  store.deployments.finish(id, {
    status: 'FAILED',
    compensation: 'DONE',
    failure: failureOf(code, 'lost'),
    step: 'migrate',
  })

test('what counts is the newest one that has started its hook', async () => {
  expect(await last()).toBeUndefined()
  await queue(store, 1)
  const lost = await migrated(2)
  await fail(lost, 'MigrationOutcomeUnknown')
  const skipped = await migrated(3)
  await store.deployments.stepFinished(skipped, 'migrate', { status: 'SKIPPED', detail: null })
  expect(await last()).toEqual({ deploymentId: lost, commitSha: sha, outcomeUnknown: true, resolved: null })
  expect(await last(2)).toBeUndefined()
  const failed = await migrated(4)
  await fail(failed, 'MigrationFailed')
  expect(await last()).toMatchObject({ deploymentId: failed, outcomeUnknown: false })
  expect(await last(4)).toMatchObject({ deploymentId: lost })
})

test('an answer is kept with who and when, and may be corrected until it was acted on', async () => {
  const id = await migrated(1)
  expect(await resolve(id, 'migrated')).toBe('known')
  await fail(id, 'MigrationOutcomeUnknown')
  expect(await resolve(id, 'not-migrated')).toBe('resolved')
  const { migrationResolved: first } = (await store.deployments.find(id))!
  expect(first).toEqual({ answer: 'not-migrated', by: 'ada', at: expect.any(String) })
  expect(await resolve(id, 'not-migrated')).toBe('resolved')
  expect((await store.deployments.find(id))!.migrationResolved).toEqual(first)

  const rollback = await queue(store, 2, { trigger: 'rollback' })
  expect(await resolve(id, 'migrated')).toBe('resolved')
  expect(await last()).toMatchObject({ resolved: { answer: 'migrated' } })
  await fail(rollback, 'Unhealthy')
  await queue(store, 3)
  expect(await resolve(id, 'not-migrated')).toBe('acted')
  expect(await resolve(id, 'migrated')).toBe('resolved')
  await fail('shop.production.3', 'BuildFailed')
  expect(await resolve(id, 'not-migrated')).toBe('acted')
})

test('one that was refused for want of an answer has not acted on it', async () => {
  const id = await migrated(1)
  await fail(id, 'MigrationOutcomeUnknown')
  const waited = await queue(store, 2)
  await fail(waited, 'MigrationUnresolved')
  expect(await resolve(id, 'migrated')).toBe('resolved')
  expect(await resolve(id, 'not-migrated')).toBe('resolved')
})
