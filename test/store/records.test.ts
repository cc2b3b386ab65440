import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { postgresStore } from '../../adapters/store/postgres/index.ts'
import { Taken } from '../../ports/store.ts'
import type { Store } from '../../ports/store.ts'
import { createDatabase, startPostgres } from '../postgres.ts'
import type { TestPostgres } from '../postgres.ts'
import { addEnvironment, addShop, queue, releaseOf } from './shop.ts'

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
  for (const { serviceId } of await store.services.list()) await store.services.remove(serviceId)
  await addShop(store)
})

const sealed = (name: string, text = `sealed ${name}`) => ({ name, sealed: text, secret: true })

test('a service id is taken once', async () => {
  await expect(addShop(store)).rejects.toThrow(Taken)
  expect(await store.services.change('shop', { sealedCredentials: 'v1:x' })).toMatchObject({
    sealedCredentials: 'v1:x',
    repoFullName: 'acme/shop',
  })
  expect(await store.services.change('nope', { sealedCredentials: null })).toBeUndefined()
})

test('putting an environment again changes it and keeps what is live', async () => {
  await queue(store, 1)
  await store.deployments.markLive(releaseOf(1))
  const { row, created } = await addEnvironment(store, 'shop', 'production', ['shop.example.com'])
  expect(created).toBe(false)
  expect(row).toMatchObject({ domains: ['shop.example.com'], live: { number: 1 } })
  expect(await store.environments.list('shop')).toEqual([row])
  expect((await addEnvironment(store, 'shop', 'staging')).created).toBe(true)
})

test('a domain belongs to one environment, also when two ask at once', async () => {
  await addEnvironment(store, 'shop', 'production', ['a.example.com', 'b.example.com'])
  await expect(addEnvironment(store, 'shop', 'staging', ['b.example.com'])).rejects.toThrow(
    'b.example.com belongs to shop/production',
  )
  expect(await store.environments.find('shop', 'staging')).toBeUndefined()
  await addEnvironment(store, 'shop', 'production', ['a.example.com'])
  const both = await Promise.allSettled([
    addEnvironment(store, 'shop', 'staging', ['b.example.com', 'c.example.com']),
    addEnvironment(store, 'shop', 'preview', ['c.example.com', 'b.example.com']),
  ])
  expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
})

test('two environments whose default host names are the same cannot both exist', async () => {
  await addEnvironment(store, 'shop', 'eu')
  await expect(addShop(store, 'shop-eu')).rejects.toThrow('shop-eu.localhost belongs to shop/eu')
})

test('variables are replaced together, by several at once too', async () => {
  const names = ['A', 'B', 'C', 'D']
  await Promise.all(
    names.map((name) =>
      store.variables.replace('shop', 'production', [sealed('SHARED', name), sealed(name)]),
    ),
  )
  const listed = await store.variables.list('shop', 'production')
  expect(listed).toHaveLength(2)
  expect(listed.find(({ name }) => name === 'SHARED')?.sealed).toBe(listed[0]?.name)
  await store.variables.put('shop', 'production', { ...sealed('A', 'other'), secret: false })
  expect(await store.variables.remove('shop', 'production', 'SHARED')).toBe(true)
  expect(await store.variables.remove('shop', 'production', 'SHARED')).toBe(false)
  await store.variables.replace('shop', 'production', [])
  expect(await store.variables.list('shop', 'production')).toEqual([])
})

test('deleting an environment deletes all that belongs to it, but a number is never given twice', async () => {
  const id = await queue(store, 1)
  await store.variables.put('shop', 'production', sealed('A'))
  await store.logs.append(id, {
    step: null,
    cursor: 'a',
    from: 0,
    to: 1,
    lines: [{ at: new Date(), text: 'x' }],
  })
  await store.releases.record(release(1))
  expect(await store.environments.lastNumber('shop', 'production')).toBe(1)
  expect(await store.environments.remove('shop', 'production')).toBe(true)
  expect(await store.environments.remove('shop', 'production')).toBe(false)
  expect(await store.environments.lastNumber('shop', 'production')).toBe(1)
  expect(await store.deployments.find(id)).toBeUndefined()
  expect(await store.releases.find('shop.production.r1')).toBeUndefined()
  expect(await store.logs.read(id, { afterSeq: 0, limit: 10 })).toEqual([])
  await addEnvironment(store, 'shop', 'production', [])
})

const release = (number: number) => ({
  releaseId: `shop.production.r${number}`,
  deploymentId: `shop.production.${number}`,
  serviceId: 'shop',
  environment: 'production',
  number,
  commitSha: String(number).repeat(40),
  commitMessage: 'a change',
  plan: { technology: 'static' } as never,
  sealedVariables: [sealed('A')],
})

test('releases are listed newest first; a rollback makes the older one live', async () => {
  for (const number of [1, 2]) {
    await queue(store, number)
    await store.releases.record(release(number))
    await store.releases.record({ ...release(number), commitSha: 'f'.repeat(40) })
    await store.deployments.markLive(releaseOf(number))
  }
  expect((await store.deployments.find('shop.production.1'))?.releaseId).toBe('shop.production.r1')
  expect(
    (await store.releases.list('shop', 'production')).map(({ releaseId, live }) => [releaseId, live]),
  ).toEqual([
    ['shop.production.r2', true],
    ['shop.production.r1', false],
  ])
  await queue(store, 3, { trigger: 'rollback', releaseId: 'shop.production.r1' })
  await store.deployments.markLive(releaseOf(3, 1))
  await store.releases.gone(['shop.production.r2'])
  expect((await store.releases.list('shop', 'production')).map(({ live, kept }) => ({ live, kept }))).toEqual(
    [
      { live: false, kept: false },
      { live: true, kept: true },
    ],
  )
  expect(await store.releases.find('shop.production.r1')).toMatchObject({
    commitSha: '1'.repeat(40),
    sealedVariables: [sealed('A')],
    kept: true,
  })
})

test('an idempotency key is claimed once and gives the same answer after that', async () => {
  const claim = (body: string) => store.idempotency.claim('key', 'POST /v1/deployments', body)
  const states = await Promise.all(Array.from({ length: 8 }, () => claim('body')))
  expect(states.map(({ state }) => state).toSorted()).toEqual(
    ['new', ...Array<string>(7).fill('running')].toSorted(),
  )
  expect(await claim('other body')).toEqual({ state: 'mismatch' })
  const answer = { status: 202, headers: { location: '/x' }, body: '{"id":1}' }
  await store.idempotency.answer('key', 'POST /v1/deployments', answer)
  expect(await claim('body')).toEqual({ state: 'same', answer })
  expect(await store.idempotency.claim('key', 'elsewhere', 'body')).toEqual({ state: 'new' })
})

test('an idempotency key that was given back may be used with another body', async () => {
  const claim = (body: string) => store.idempotency.claim('again', 'scope', body)
  await claim('one')
  await store.idempotency.release('again', 'scope')
  expect(await claim('two')).toEqual({ state: 'new' })
})
