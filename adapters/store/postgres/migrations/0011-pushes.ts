import { sql } from 'kysely'
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table pushes (
    id text primary key,
    service_id text not null,
    environment text not null,
    branch text not null,
    commit_sha text not null,
    pushed_at timestamptz not null default clock_timestamp(),
    foreign key (service_id, environment) references environments on delete cascade
  )`,
  `create index on pushes (service_id, environment)`,
]
