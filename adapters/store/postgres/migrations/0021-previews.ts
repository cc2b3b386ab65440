import { sql } from 'kysely'
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `alter table services add column preview_rule jsonb`,
  `alter table environments add column is_preview boolean not null default false`,
  // Outlives its environment for a while: an event that comes late must not bring it back.
  `create table previews (
    service_id text not null references services on delete cascade,
    environment text not null,
    number integer not null,
    title text not null,
    url text,
    branch text not null,
    target_branch text not null,
    from_fork boolean not null,
    told_by text,
    asked_at timestamptz,
    expires_at timestamptz,
    closed_at timestamptz,
    closed_reason text,
    primary key (service_id, environment)
  )`,
  `create index on environments (service_id) where is_preview`,
]
