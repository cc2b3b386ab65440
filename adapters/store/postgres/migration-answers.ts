import { sql } from 'kysely'
import type { Kysely, Transaction } from 'kysely'
import type { DeploymentStore, LastMigration } from '../../../ports/store.ts'
import { resolutionOf } from './deployment-rows.ts'
import { storable } from './storable.ts'
import type { Tables } from './tables.ts'
import { notify } from './watch.ts'

/** A step that was started has an attempt; one that was skipped has done nothing to the database. */
export async function lastMigration(
  db: Kysely<Tables>,
  serviceId: string,
  environment: string,
  before: number | undefined,
): Promise<LastMigration | undefined> {
  const row = await db
    .selectFrom('deployments as d')
    .innerJoin('deployment_steps as s', 's.deployment_id', 'd.id')
    .select(['d.id', 'd.commit_sha', 'd.failure'])
    .select(['d.migration_resolved', 'd.migration_resolved_by', 'd.migration_resolved_at'])
    .where('d.service_id', '=', serviceId)
    .where('d.environment', '=', environment)
    .$if(before !== undefined, (query) => query.where('d.number', '<', before!))
    .where('s.name', '=', 'migrate')
    .where('s.attempt', '>', 0)
    .where('s.status', '!=', 'SKIPPED')
    .orderBy('d.number', 'desc')
    .limit(1)
    .executeTakeFirst()
  return (
    row && {
      deploymentId: row.id,
      commitSha: row.commit_sha,
      outcomeUnknown: row.failure?.code === 'MigrationOutcomeUnknown',
      resolved: resolutionOf(row),
    }
  )
}

type Answer = Parameters<DeploymentStore['resolveMigration']>[1]

export const resolveMigration = (
  db: Kysely<Tables>,
  id: string,
  { answer, by }: Answer,
): ReturnType<DeploymentStore['resolveMigration']> =>
  db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom('deployments')
      .select(['id', 'service_id', 'environment', 'number', 'failure'])
      .select(['migration_resolved', 'migration_resolved_at'])
      .where('id', '=', id)
      .forNoKeyUpdate()
      .executeTakeFirst()
    if (row?.failure?.code !== 'MigrationOutcomeUnknown') return 'known'
    if (row.migration_resolved === answer) return 'resolved'
    if (row.migration_resolved_at && (await hasActed(trx, row, row.migration_resolved_at))) return 'acted'
    await trx
      .updateTable('deployments')
      .set({
        migration_resolved: answer,
        migration_resolved_by: storable(by),
        migration_resolved_at: sql`clock_timestamp()`,
      })
      .where('id', '=', id)
      .execute()
    await notify(trx, id)
    return 'resolved'
  })

/** Whether a later deployment has been accepted on the strength of the answer. A rollback migrates nothing. */
async function hasActed(
  trx: Transaction<Tables>,
  { service_id, environment, number }: { service_id: string; environment: string; number: number },
  since: Date,
): Promise<boolean> {
  const later = await trx
    .selectFrom('deployments')
    .select('id')
    .where('service_id', '=', service_id)
    .where('environment', '=', environment)
    .where('number', '>', number)
    .where('trigger', 'not in', ['rollback', 'restart'])
    .where((eb) => eb.or([eb('finished_at', 'is', null), eb('finished_at', '>', since)]))
    .limit(1)
    .executeTakeFirst()
  return later !== undefined
}
