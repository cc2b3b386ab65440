import { Kysely, PostgresDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import pg from 'pg'
import { migrations } from './migrations/index.ts'
import { poolConfig } from './pool.ts'

/** Brings the tables up to date. Several processes may start at once: the first does it, the others wait. */
export async function migrate(databaseUrl: string): Promise<void> {
  // A connection of its own without a limit: waiting for the lock, or filling an index, may take long.
  const pool = new pg.Pool({ ...poolConfig(databaseUrl, 1), statement_timeout: 0 })
  pool.on('connect', (client) => client.on('error', () => {}))
  pool.on('error', () => {})
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  try {
    // The migrator holds an advisory lock of PostgreSQL and runs everything in one transaction.
    const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } })
    const { error } = await migrator.migrateToLatest()
    if (error) throw explain(error)
  } finally {
    await db.destroy()
  }
}

function explain(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error)
  if (!message.includes('corrupted migrations'))
    return new Error(`The database could not be migrated: ${message}`, { cause: error })
  return new Error(
    'The database was used by a newer Sluice. Install that version again, or give this one a database of its own.',
  )
}
