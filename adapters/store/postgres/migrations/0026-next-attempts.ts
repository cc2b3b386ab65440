import { sql } from 'kysely'
import type { Kysely } from 'kysely'

/** Why the last attempt of a step failed, and when the next one begins. */
const statements = [
  'alter table deployment_steps add column last_failure text, add column next_attempt_at timestamptz',
  'alter table deployment_events add column next_attempt_at timestamptz',
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
