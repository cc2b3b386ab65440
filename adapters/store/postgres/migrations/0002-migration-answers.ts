import { sql } from 'kysely'
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `alter table deployments
    add column migration_resolved text,
    add column migration_resolved_by text,
    add column migration_resolved_at timestamptz`,
  `alter table idempotency_keys add column holder text not null default ''`,
]
