import { sql } from 'kysely'
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `alter table services
    add column sealed_webhook_secret text,
    add column webhook_secret_at timestamptz,
    add column sweep_seconds integer`,
  `alter table environments
    add column queue_policy text,
    add column approval_ms integer,
    add column freezes jsonb not null default '[]',
    add column hold_reason text,
    add column hold_by text,
    add column hold_at timestamptz,
    add column seen_commit text`,
  `create table deliveries (
    id text primary key,
    created_seq bigint generated always as identity unique,
    service_id text not null references services on delete cascade,
    provider text not null,
    delivery_id text not null,
    event text not null,
    targets jsonb not null,
    results jsonb not null,
    redelivery_of text,
    received_at timestamptz not null default now(),
    settled_at timestamptz,
    attempts integer not null default 0,
    next_attempt_at timestamptz not null default now(),
    unique (service_id, provider, delivery_id)
  )`,
  `create index on deliveries (service_id, created_seq)`,
  `create index on deliveries (created_seq) where settled_at is null`,
  `create index on deliveries (received_at)`,
]
