import { sql } from 'kysely'
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table sign_in_links (
    hash text primary key,
    sealed_token text not null,
    expires_at timestamptz not null
  )`.execute(db)
}
