import { afterAll, beforeAll } from 'vitest'
import { postgresStore } from '../../adapters/store/postgres/index.ts'
import type { Store } from '../../ports/store.ts'
import { createDatabase, startPostgres, type TestPostgres } from '../postgres.ts'
import { startEmbedded, type EmbeddedRouter } from '../router/embedded-router.ts'

export interface StoreAndRouter {
  store: Store
  /** A test that has killed it puts the next one here. */
  routing: EmbeddedRouter
}

/** A database and a router that all tests of the file share: there once the first of them runs, ended after the last. */
export function useStoreAndRouter(): StoreAndRouter {
  const shared = {} as StoreAndRouter
  let postgres: TestPostgres | undefined
  beforeAll(async () => {
    postgres = await startPostgres()
    const { url } = postgres
    const [store, routing] = await Promise.all([
      createDatabase(url).then((databaseUrl) => postgresStore({ databaseUrl })),
      startEmbedded(),
    ])
    Object.assign(shared, { store, routing })
  })
  afterAll(async () => {
    const { store, routing } = shared as Partial<StoreAndRouter>
    await Promise.all([store?.close(), routing?.stop()])
    await postgres?.stop()
  })
  return shared
}
