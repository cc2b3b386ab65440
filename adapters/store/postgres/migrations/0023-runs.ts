import { sql } from 'kysely'
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table runs (
    id text primary key,
    seq bigint generated always as identity,
    service_id text not null,
    environment text not null,
    kind text not null,
    cron_name text,
    command text not null,
    sealed_command text not null,
    deployment_id text not null,
    release_id text not null,
    number integer not null,
    release_number integer not null,
    host text not null,
    status text not null default 'QUEUED',
    exit_code integer,
    note text,
    requested_by text not null,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    last_line_seq integer not null default 0,
    output_position bigint not null default 0,
    foreign key (service_id, environment) references environments on delete cascade
  )`,
  `create index on runs (service_id, environment, seq)`,
  `create index on runs (service_id, environment, cron_name, seq) where cron_name is not null`,
  `create table run_lines (
    run_id text not null references runs on delete cascade,
    seq integer not null,
    at timestamptz not null,
    text text not null,
    primary key (run_id, seq)
  )`,
  // What Temporal was told; it outlives its environment until Temporal was told that it is over.
  `create table cron_schedules (
    service_id text not null,
    environment text not null,
    name text not null,
    schedule text not null,
    time_zone text not null,
    note text,
    primary key (service_id, environment, name)
  )`,
]
