import { sql } from 'kysely'
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  // A service that is made again under an old name has nothing to do with the tokens of the old one: they go with it.
  `create table api_tokens (
    id text primary key,
    name text not null,
    role text not null,
    service_id text references services on delete cascade,
    hash text not null unique,
    created_by text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    last_used_at timestamptz
  )`,
  // No reference to services or tokens: what was done outlives who did it and what it was done to.
  `create table audit_entries (
    seq bigint generated always as identity primary key,
    at timestamptz not null default now(),
    actor_id text not null,
    actor_name text not null,
    role text not null,
    address text not null,
    action text not null,
    service_id text,
    environment text,
    target text,
    status integer not null,
    code text,
    request_id text not null
  )`,
  `create index on audit_entries (service_id, seq)`,
  `create index on audit_entries (at)`,
  `create table notification_targets (
    service_id text not null references services on delete cascade,
    name text not null,
    kind text not null,
    shown_url text not null,
    sealed_url text not null,
    sealed_secret text,
    events text[] not null,
    environments text[] not null,
    created_at timestamptz not null default now(),
    primary key (service_id, name)
  )`,
  `create table notification_deliveries (
    id text primary key default 'msg_' || replace(gen_random_uuid()::text, '-', ''),
    seq bigint generated always as identity,
    service_id text not null references services on delete cascade,
    target text not null,
    deployment_id text not null,
    event text not null,
    data jsonb not null,
    status text not null default 'PENDING',
    attempts integer not null default 0,
    last_status integer,
    last_error text,
    created_at timestamptz not null default now(),
    handed_over_at timestamptz,
    finished_at timestamptz
  )`,
  `create index on notification_deliveries (service_id, seq)`,
  `create index on notification_deliveries (seq) where status = 'PENDING'`,
  // In the transaction of the event itself: none is lost, and none is told of something that did not happen.
  `create function sluice_note_deliveries() returns trigger language plpgsql as $$
  declare
    d deployments;
    kinds text[];
  begin
    select * into d from deployments where id = new.deployment_id;
    kinds := case
      when new.type = 'started' then array['deployment.started']
      when d.status = 'CANCELED' then array['deployment.canceled']
      when d.status = 'FAILED' and d.failure->>'code' = 'DiedAfterSwitch'
        then array['deployment.failed', 'deployment.rolled_back']
      when d.status = 'FAILED' then array['deployment.failed']
      when d.status = 'SUCCEEDED' and d.trigger = 'rollback' then array['deployment.rolled_back']
      when d.status = 'SUCCEEDED' then array['deployment.succeeded']
      else array[]::text[]
    end;
    insert into notification_deliveries (service_id, target, deployment_id, event, data)
    select d.service_id, t.name, d.id, told.event, jsonb_build_object(
      'id', d.id, 'number', d.number, 'serviceId', d.service_id, 'environment', d.environment,
      'status', d.status, 'trigger', d.trigger, 'ref', d.ref, 'commitSha', d.commit_sha,
      'commitMessage', d.commit_message, 'repoFullName', d.repo_full_name, 'serviceUrl', d.service_url,
      'failure', case when d.failure is not null then
        jsonb_build_object('step', d.failure->'step', 'code', d.failure->'code', 'hint', d.failure->'hint') end)
    from notification_targets t cross join unnest(kinds) as told (event)
    where t.service_id = d.service_id and told.event = any (t.events)
      and (cardinality(t.environments) = 0 or d.environment = any (t.environments));
    return null;
  end $$`,
  `create trigger note_deliveries after insert on deployment_events
    for each row when (new.type in ('started', 'finished')) execute function sluice_note_deliveries()`,
]
