import { sql } from 'kysely'
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

/** Variables of the whole service have the environment ''. What has one goes with it, as before. */
const withOwner = (table: string) => [
  `alter table ${table}
    drop constraint ${table}_service_id_environment_fkey,
    add column owner text generated always as (nullif(environment, '')) stored`,
  `alter table ${table}
    add foreign key (service_id) references services on delete cascade,
    add foreign key (service_id, owner) references environments (service_id, environment) on delete cascade`,
]

const statements = [
  ...withOwner('variables'),
  ...withOwner('variable_changes'),
  `alter table environments
    add column inherits_from text,
    add column inherits_secrets boolean not null default true`,
]
