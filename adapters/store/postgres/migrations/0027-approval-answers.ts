import { sql } from 'kysely'
import type { Kysely } from 'kysely'

/** The first answer to a deployment that waits for approval: the only one that counts. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table deployments add column approval jsonb`.execute(db)
}
