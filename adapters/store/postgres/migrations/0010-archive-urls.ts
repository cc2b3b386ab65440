import { sql } from 'kysely'
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `create table archive_urls (
        service_id text not null references services on delete cascade,
        ref text not null,
        sealed text not null,
        created_at timestamptz not null default now(),
        primary key (service_id, ref)
      )`,
    )
    .execute(db)
}
