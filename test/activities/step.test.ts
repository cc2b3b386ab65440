import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import { ApplicationFailure } from '@temporalio/common'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asStep } from '../../activities/step.ts'
import { postgresStore } from '../../adapters/store/postgres/index.ts'
import type { Store } from '../../ports/store.ts'
import { createDatabase, startPostgres, type TestPostgres } from '../postgres.ts'
import { addShop, queue } from '../store/shop.ts'
import { inputOf } from './attempt.ts'

let postgres: TestPostgres
let store: Store
const id = 'shop.production.1'
beforeAll(async () => {
  postgres = await startPostgres()
  store = await postgresStore({ databaseUrl: await createDatabase(postgres.url) })
  await addShop(store)
  await queue(store, 1)
  await store.deployments.started(id, { runId: 'run', at: new Date() })
})
afterAll(async () => {
  await store?.close()
  await postgres?.stop()
})

const retryPolicy = {
  ...{ initialInterval: 1000, backoffCoefficient: 3, maximumInterval: 20_000, maximumAttempts: 6 },
  nonRetryableErrorTypes: ['TypeError'],
}

/** One attempt that ends with that error. */
async function attempt(number: number, error: Error): Promise<void> {
  const environment = new MockActivityEnvironment(
    { attempt: number, retryPolicy },
    { logger: new DefaultLogger('ERROR', () => {}) },
  )
  const step = asStep('fetch', { store }, () => Promise.reject(error))
  await expect(environment.run(step, inputOf('shop', 1))).rejects.toBe(error)
}

const fetchStep = async () => (await store.deployments.find(id))!.steps.find(({ name }) => name === 'fetch')!
const lastEvent = async () => (await store.deployments.events(id, 0, 100)).at(-1)!

test('a failed attempt says why, and when Temporal tries again by the policy of the activity', async () => {
  for (const [number, seconds] of [
    [1, 1],
    [2, 3],
    [3, 9],
    [4, 20],
  ] as const) {
    await attempt(number, new Error(`outage ${number}\nat length`))
    const event = await lastEvent()
    const shown = await fetchStep()
    expect(event).toMatchObject({ type: 'retry', step: 'fetch', attempt: number, detail: `outage ${number}` })
    expect(shown).toMatchObject({ status: 'RUNNING', attempt: number, lastFailure: `outage ${number}` })
    expect(shown.nextAttemptAt).toBe(event.nextAttemptAt)
    const wait = (Date.parse(event.nextAttemptAt!) - Date.parse(event.at)) / 1000
    expect(Math.round(wait)).toBe(seconds)
  }
})

test('what is not tried again says nothing of the kind: an expected failure, a bug, the last attempt', async () => {
  await attempt(5, ApplicationFailure.nonRetryable('no such branch', 'RefNotFound'))
  expect(await fetchStep()).toMatchObject({ attempt: 5, nextAttemptAt: null, lastFailure: 'outage 4' })
  await attempt(5, new TypeError('a bug'))
  await attempt(6, new Error('the last one'))
  expect(await lastEvent()).toMatchObject({ type: 'step', attempt: 6 })
})

test('a late attempt takes nothing back, and the end of the step ends the wait', async () => {
  const failed = { attempt: 5, reason: 'late', nextIn: 1000 }
  await store.deployments.attemptFailed(id, 'fetch', failed)
  expect((await fetchStep()).nextAttemptAt).toBeNull()
  await store.deployments.attemptFailed(id, 'fetch', { ...failed, attempt: 6 })
  expect(await fetchStep()).toMatchObject({ lastFailure: 'late', nextAttemptAt: expect.any(String) })
  await store.deployments.stepFinished(id, 'fetch', { status: 'SUCCEEDED', detail: 'fetched' })
  expect(await fetchStep()).toMatchObject({ status: 'SUCCEEDED', detail: 'fetched', nextAttemptAt: null })
  await store.deployments.attemptFailed(id, 'fetch', { ...failed, attempt: 6 })
  expect(await fetchStep()).toMatchObject({ status: 'SUCCEEDED', nextAttemptAt: null })
})
