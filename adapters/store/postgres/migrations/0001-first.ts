import { sql } from 'kysely'
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table services (
    service_id text primary key,
    source jsonb not null,
    sealed_credentials text,
    repo_full_name text,
    created_at timestamptz not null default now()
  )`,
  `create table environments (
    service_id text not null references services on delete cascade,
    environment text not null,
    branch text not null,
    domains text[] not null,
    auto_deploy boolean not null,
    config jsonb not null,
    host text not null,
    live_number integer,
    fence_deployment integer not null default 0,
    fence_revision integer not null default 0,
    created_at timestamptz not null default now(),
    primary key (service_id, environment)
  )`,
  `create table environment_hosts (
    host text primary key,
    service_id text not null,
    environment text not null,
    foreign key (service_id, environment) references environments on delete cascade
  )`,
  `create index on environment_hosts (service_id, environment)`,
  `create table variables (
    service_id text not null,
    environment text not null,
    name text not null,
    sealed text not null,
    secret boolean not null,
    updated_at timestamptz not null default now(),
    primary key (service_id, environment, name),
    foreign key (service_id, environment) references environments on delete cascade
  )`,
  `create table deployments (
    id text primary key,
    created_seq bigint generated always as identity unique,
    number integer not null,
    service_id text not null,
    environment text not null,
    status text not null default 'QUEUED',
    trigger text not null,
    ref text not null,
    commit_sha text,
    commit_message text,
    repo_full_name text,
    service_url text,
    release_id text,
    failure jsonb,
    compensation text not null default 'NONE',
    cancel_by text,
    cancel_reason text,
    cancel_at timestamptz,
    rollback_of text,
    retry_of text,
    superseded_by text,
    workflow_id text not null,
    run_id text,
    requested_by text not null,
    plan jsonb,
    queued_at timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz,
    archived_at timestamptz,
    live_at timestamptz,
    last_event_seq integer not null default 0,
    last_log_seq integer not null default 0,
    unique (service_id, environment, number),
    foreign key (service_id, environment) references environments on delete cascade
  )`,
  // Outlives the environment: a number is never given twice, because routes and workflows are fenced by it.
  `create table deployment_numbers (
    service_id text not null,
    environment text not null,
    last_number integer not null,
    primary key (service_id, environment)
  )`,
  // One index per filter of the list, each in the order in which the list is read.
  `create index on deployments (service_id, environment, created_seq)`,
  `create index on deployments (service_id, created_seq)`,
  `create index on deployments (environment, created_seq)`,
  `create index on deployments (status, created_seq)`,
  `create index on deployments (trigger, created_seq)`,
  `create index on deployments (created_seq) where archived_at is null`,
  `create index on deployments (service_id, environment, number) where status = 'QUEUED'`,
  `create table deployment_steps (
    deployment_id text not null references deployments on delete cascade,
    position smallint not null,
    name text not null,
    status text not null default 'PENDING',
    attempt integer not null default 0,
    detail text,
    started_at timestamptz,
    finished_at timestamptz,
    primary key (deployment_id, position)
  )`,
  `create table deployment_events (
    deployment_id text not null references deployments on delete cascade,
    seq integer not null,
    at timestamptz not null default clock_timestamp(),
    type text not null,
    step text,
    status text not null,
    attempt integer,
    detail text,
    primary key (deployment_id, seq)
  )`,
  `create table deployment_logs (
    deployment_id text not null references deployments on delete cascade,
    seq integer not null,
    step text,
    at timestamptz not null,
    text text not null,
    primary key (deployment_id, seq)
  )`,
  `create table log_cursors (
    deployment_id text not null references deployments on delete cascade,
    cursor text not null,
    position bigint not null,
    primary key (deployment_id, cursor)
  )`,
  `create table releases (
    release_id text primary key,
    deployment_id text not null references deployments on delete cascade,
    service_id text not null,
    environment text not null,
    number integer not null,
    commit_sha text not null,
    plan jsonb not null,
    sealed_variables jsonb not null,
    kept boolean not null default true,
    created_at timestamptz not null default now()
  )`,
  `create index on releases (service_id, environment, number)`,
  `create index on releases (deployment_id)`,
  `create table idempotency_keys (
    scope text not null,
    key text not null,
    body_hash text not null,
    claimed_at timestamptz not null default now(),
    answer jsonb,
    primary key (scope, key)
  )`,
  `create index on idempotency_keys (claimed_at)`,
]
