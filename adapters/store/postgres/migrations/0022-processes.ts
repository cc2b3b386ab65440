import { sql } from 'kysely'
import type { Kysely } from 'kysely'

/** What hosts have last seen of the processes that are live. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table observed_processes (
      service_id text not null,
      environment text not null,
      deployment_number integer not null,
      processes jsonb not null,
      observed_at timestamptz not null default now(),
      primary key (service_id, environment),
      foreign key (service_id, environment) references environments on delete cascade
    )`.execute(db)
}
