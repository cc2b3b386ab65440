import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { postgresStore } from '../../adapters/store/postgres/index.ts'
import { createDatabase, startPostgres } from '../postgres.ts'
import type { TestPostgres } from '../postgres.ts'
import { addShop, queue } from './shop.ts'

let postgres: TestPostgres

beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres?.stop())

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 400) throw new Error('it did not happen')
    await sleep(25)
  }
}

test('processes that start at once on an empty database all come up', async () => {
  const databaseUrl = await createDatabase(postgres.url)
  const stores = await Promise.all(Array.from({ length: 5 }, () => postgresStore({ databaseUrl })))
  await Promise.all(stores.map((store) => store.ping()))
  await Promise.all(stores.map((store) => store.close()))
})

test('a database that a newer version has migrated is refused with a sentence', async () => {
  const databaseUrl = await createDatabase(postgres.url)
  await (await postgresStore({ databaseUrl })).close()
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query(`insert into kysely_migration values ('9999-later', '2030-01-01T00:00:00.000Z')`)
  await client.end()
  await expect(postgresStore({ databaseUrl })).rejects.toThrow('newer Sluice')
})

test('a wrong database name is refused at once, not waited for', async () => {
  const url = new URL(postgres.url)
  url.pathname = '/nope'
  await expect(postgresStore({ databaseUrl: url.href })).rejects.toThrow('"nope" does not exist')
})

test('a database that comes up late is waited for', async () => {
  const reserved = createServer().listen(0, '127.0.0.1')
  await once(reserved, 'listening')
  const { port } = reserved.address() as { port: number }
  reserved.close()
  await once(reserved, 'close')
  const target = new URL(await createDatabase(postgres.url))
  const real = Number(target.port)
  target.port = String(port)
  const starting = postgresStore({ databaseUrl: target.href })
  await sleep(500)
  // A plain TCP forwarder stands for a server that binds its port late.
  const { connect } = await import('node:net')
  const late = createServer((near) => {
    const far = connect(real, '127.0.0.1')
    near.pipe(far).pipe(near)
    for (const socket of [near, far]) socket.on('error', () => socket.destroy())
  }).listen(port, '127.0.0.1')
  const store = await starting
  await store.ping()
  await store.close()
  late.close()
})

test('watchers wake when rows change, each as often as it subscribed', async () => {
  const store = await postgresStore({ databaseUrl: await createDatabase(postgres.url) })
  await addShop(store)
  const id = await queue(store, 1)
  let woken = 0
  const unsubscribe = store.watch(id, () => woken++)
  const other = store.watch('shop.production.2', () => expect.unreachable())
  await sleep(200)
  woken = 0
  other()
  await store.deployments.stepStarted(id, 'fetch', 1)
  await until(() => woken > 0)
  woken = 0
  await store.logs.append(id, {
    step: 'fetch',
    cursor: 'a',
    from: 0,
    to: 1,
    lines: [{ at: new Date(), text: 'x' }],
  })
  await until(() => woken > 0)
  unsubscribe()
  woken = 0
  await store.deployments.stepStarted(id, 'fetch', 2)
  await sleep(100)
  expect(woken).toBe(0)
  await store.close()
})

test('a crash of PostgreSQL loses neither the process nor the watchers, and work goes on', async () => {
  const store = await postgresStore({ databaseUrl: await createDatabase(postgres.url) })
  await addShop(store)
  const id = await queue(store, 1)
  let woken = 0
  store.watch(id, () => woken++)
  await sleep(200)
  woken = 0
  const busy = (async () => {
    let failed = 0
    for (let attempt = 1; attempt < 200 && failed < 3; attempt++) {
      await store.deployments.stepStarted(id, 'build', attempt).catch(() => failed++)
    }
    return failed
  })()
  await sleep(50)
  await postgres.restart()
  await busy
  // Woken by the connection itself: what happened meanwhile was not heard.
  await until(() => woken > 0)
  await sleep(100)
  await store.ping()
  woken = 0
  await store.deployments.stepStarted(id, 'build', 1000)
  await until(() => woken > 0)
  await store.close()
})
