import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { postgresStore } from '../../adapters/store/postgres/index.ts'
import { BadCursor } from '../../ports/store.ts'
import type { DeploymentFilter, Store } from '../../ports/store.ts'
import { createDatabase, startPostgres } from '../postgres.ts'
import type { TestPostgres } from '../postgres.ts'
import { addEnvironment, addShop, queue } from './shop.ts'

let postgres: TestPostgres
let store: Store
let databaseUrl: string

beforeAll(async () => {
  postgres = await startPostgres()
  databaseUrl = await createDatabase(postgres.url)
  store = await postgresStore({ databaseUrl })
  await addShop(store)
  await addEnvironment(store, 'shop', 'staging')
  await addShop(store, 'blog')
})
afterAll(async () => {
  await store?.close()
  await postgres?.stop()
})

async function allPages(filter: Partial<DeploymentFilter>): Promise<string[]> {
  const ids: string[] = []
  let cursor: string | undefined
  do {
    const page = await store.deployments.list({ includeArchived: false, limit: 3, ...filter, cursor })
    ids.push(...page.data.map(({ id }) => id))
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  return ids
}

test('pages hold every deployment once, newest first, also while new ones arrive', async () => {
  for (let number = 1; number <= 7; number++) await queue(store, number)
  const first = await store.deployments.list({ includeArchived: false, limit: 3 })
  await queue(store, 8)
  const rest = await store.deployments.list({
    includeArchived: false,
    limit: 10,
    cursor: first.nextCursor ?? '',
  })
  expect([...first.data, ...rest.data].map(({ number }) => number)).toEqual([7, 6, 5, 4, 3, 2, 1])
  expect(rest.nextCursor).toBeNull()
  expect(first.data[0]?.steps).toHaveLength(9)
})

test('an exact last page has no cursor', async () => {
  expect((await store.deployments.list({ includeArchived: false, limit: 8 })).nextCursor).toBeNull()
})

test('filters combine', async () => {
  await queue(store, 1, { environment: 'staging', trigger: 'push' })
  await queue(store, 1, { serviceId: 'blog' })
  await store.deployments.finish('blog.production.1', {
    status: 'FAILED',
    compensation: 'DONE',
    failure: null,
    step: null,
  })
  expect(await allPages({ environment: 'staging' })).toEqual(['shop.staging.1'])
  expect(await allPages({ serviceId: 'shop', trigger: 'push' })).toEqual(['shop.staging.1'])
  expect(await allPages({ status: 'FAILED' })).toEqual(['blog.production.1'])
  await store.deployments.archive('blog.production.1', true)
  expect(await allPages({ status: 'FAILED' })).toEqual([])
  expect(await allPages({ status: 'FAILED', includeArchived: true })).toEqual(['blog.production.1'])
})

test('deployments are counted by status, archived ones too', async () => {
  expect(await store.deployments.counts()).toEqual(await countsByListing())
})

async function countsByListing(): Promise<Record<string, number>> {
  const { data } = await store.deployments.list({ includeArchived: true, limit: 100 })
  return Object.fromEntries(
    Object.entries(Object.groupBy(data, ({ status }) => status)).map(([status, all]) => [status, all.length]),
  )
}

test.each(['', 'x', 'ZA', "' or 1=1", 'ZDEyMzQ1Njc4OTAxMjM0NTY3ODkw'])(
  'the cursor %j is refused',
  async (cursor) => {
    await expect(store.deployments.list({ includeArchived: true, limit: 3, cursor })).rejects.toThrow(
      BadCursor,
    )
  },
)

test('among 100,000 deployments every list is read through an index, without sorting or scanning them all', async () => {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query(`insert into deployments
      (id, number, service_id, environment, status, trigger, ref, workflow_id, requested_by, queued_at, archived_at)
      select 'shop.production.' || n, n, 'shop', 'production', 'SUCCEEDED', 'api', 'main', 'w', 't', now(),
        case when n % 3 = 0 then now() end from generate_series(1000, 101000) n`)
    await client.query('analyze deployments')
    const filters = [
      '',
      "and d.service_id = 'shop'",
      "and d.service_id = 'shop' and d.environment = 'production'",
      "and d.environment = 'staging'",
      "and d.status = 'FAILED'",
      "and d.status = 'QUEUED'",
      "and d.trigger = 'push'",
      "and d.service_id = 'blog' and d.status = 'SUCCEEDED'",
      "and d.commit_sha like 'abcdef%'",
      "and d.queued_at < '2000-01-01'",
    ]
    for (const filter of filters) {
      for (const archived of ['and d.archived_at is null', '']) {
        const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain (analyze, timing off)
          select d.id from deployments d
          where d.created_seq < 1000000 ${filter} ${archived} order by d.created_seq desc limit 21`)
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
        const removed = [...plan.matchAll(/Rows Removed by Filter: (\d+)/g)].map((match) => Number(match[1]))
        expect(plan).not.toMatch(/Seq Scan/)
        expect(Math.max(0, ...removed), plan).toBeLessThan(2000)
      }
    }
  } finally {
    await client.end()
  }
  expect((await store.deployments.list({ includeArchived: false, limit: 100 })).data).toHaveLength(100)
  // Beside those of the other tests; archived ones are counted too.
  expect((await store.deployments.counts()).SUCCEEDED).toBeGreaterThanOrEqual(100_001)
}, 60_000)
