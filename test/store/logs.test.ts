import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { postgresStore } from '../../adapters/store/postgres/index.ts'
import type { Store } from '../../ports/store.ts'
import { createDatabase, startPostgres } from '../postgres.ts'
import type { TestPostgres } from '../postgres.ts'
import { addShop, queue } from './shop.ts'

let postgres: TestPostgres
let store: Store
let id: string

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
  id = await queue(store, 1)
})

const lines = (...texts: string[]) => texts.map((text) => ({ at: new Date(), text }))
const texts = async () => (await store.logs.read(id, { afterSeq: 0, limit: 10_000 })).map((line) => line.text)

test('a batch that is appended twice is stored once', async () => {
  const batch = { step: 'build' as const, cursor: 'build.out', from: 0, to: 8, lines: lines('one', 'two') }
  expect(await store.logs.append(id, batch)).toBe(true)
  expect(await store.logs.append(id, batch)).toBe(false)
  expect(await store.logs.append(id, { ...batch, from: 4, to: 9 })).toBe(false)
  expect(await store.logs.position(id, 'build.out')).toBe(8)
  expect(await store.logs.append(id, { ...batch, from: 8, to: 14, lines: lines('three') })).toBe(true)
  expect(await texts()).toEqual(['one', 'two', 'three'])
})

test('of several writers of one output exactly one stores each part', async () => {
  const parts = Array.from({ length: 20 }, (_, index) => index)
  const writer = async () => {
    for (const part of parts) {
      await store.logs.append(id, {
        step: null,
        cursor: 'a',
        from: part,
        to: part + 1,
        lines: lines(`part ${part}`),
      })
    }
  }
  await Promise.all([writer(), writer(), writer()])
  expect(await texts()).toEqual(parts.map((part) => `part ${part}`))
})

test('outputs written at the same time are numbered without gap, and a reader that resumes misses nothing', async () => {
  const seen: number[] = []
  let writing = true
  const follow = async () => {
    for (let more = true; more;) {
      more = writing
      for (const { seq } of await store.logs.read(id, { afterSeq: seen.at(-1) ?? 0, limit: 1000 }))
        seen.push(seq)
    }
  }
  const following = follow()
  const outputs = ['a', 'b', 'c', 'd', 'e'].map(async (cursor) => {
    for (let at = 0; at < 40; at++) {
      await store.logs.append(id, {
        step: 'build',
        cursor,
        from: at,
        to: at + 1,
        lines: lines(`${cursor}1`, `${cursor}2`),
      })
    }
  })
  await Promise.all(outputs)
  writing = false
  await following
  expect(seen).toEqual(Array.from({ length: 400 }, (_, index) => index + 1))
})

test('what PostgreSQL cannot store is replaced, the rest kept', async () => {
  const odd = [
    'nul \0 here',
    'half \ud83d',
    '\u001b[31mred\u001b[0m',
    'back\\slash "quote" {a,b}',
    '',
    'NULL',
    '日本',
  ]
  await store.logs.append(id, { step: null, cursor: 'a', from: 0, to: 1, lines: lines(...odd) })
  expect(await texts()).toEqual(['nul \u2400 here', 'half \ufffd', ...odd.slice(2)])
})

test('lines are read by step, from a number on, up to a limit', async () => {
  await store.logs.append(id, { step: 'fetch', cursor: 'a', from: 0, to: 1, lines: lines('f1') })
  await store.logs.append(id, { step: 'build', cursor: 'b', from: 0, to: 1, lines: lines('b1', 'b2', 'b3') })
  const read = await store.logs.read(id, { afterSeq: 2, limit: 1, step: 'build' })
  expect(read).toMatchObject([{ seq: 3, step: 'build', text: 'b2' }])
})

test('positions beyond 4 GiB are kept exactly', async () => {
  const far = 7 * 1024 ** 3 + 1
  await store.logs.append(id, { step: null, cursor: 'a', from: 0, to: far, lines: [] })
  expect(await store.logs.position(id, 'a')).toBe(far)
  expect(
    await store.logs.append(id, { step: null, cursor: 'a', from: far, to: far + 1, lines: lines('x') }),
  ).toBe(true)
})

test('output of a deployment that was deleted goes nowhere, without an error', async () => {
  const batch = { step: null, cursor: 'a', from: 0, to: 1, lines: lines('x') }
  expect(await store.logs.append('shop.production.77', batch)).toBe(true)
  expect(await store.logs.position('shop.production.77', 'a')).toBe(0)
})
