import { sql } from 'kysely'
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table schedules (
    service_id text not null,
    environment text not null,
    name text not null,
    cron text,
    at timestamptz,
    time_zone text not null,
    action jsonb not null,
    paused boolean not null default false,
    paused_reason text,
    last_run_at timestamptz,
    last_run_deployment text,
    last_run_note text,
    created_at timestamptz not null default now(),
    primary key (service_id, environment, name),
    foreign key (service_id, environment) references environments on delete cascade
  )`,
  `create table deployment_variables (
    deployment_id text primary key references deployments on delete cascade,
    sealed_variables jsonb not null
  )`,
  `create table variable_changes (
    id bigint generated always as identity primary key,
    service_id text not null,
    environment text not null,
    name text not null,
    change text not null,
    secret boolean not null,
    version integer not null,
    at timestamptz not null default clock_timestamp(),
    foreign key (service_id, environment) references environments on delete cascade
  )`,
  `create index on variable_changes (service_id, environment, id)`,
  `create index on variable_changes (service_id, environment, name, id)`,
  // By the first digits of a commit too, whatever the collation.
  `create index on deployments (commit_sha text_pattern_ops, created_seq)`,
  `create index on deployments (queued_at)`,
  `create index on deployments (finished_at) where archived_at is null`,
]
