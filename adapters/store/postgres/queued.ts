import type { Kysely } from 'kysely'
import { stepsOf } from '../../../contract/vocabulary.ts'
import type { NewDeployment } from '../../../ports/store.ts'
import { isOrphan } from './errors.ts'
import { addEvent } from './events.ts'
import { storable } from './storable.ts'
import type { Tables } from './tables.ts'

export async function recordQueued(db: Kysely<Tables>, deployment: NewDeployment): Promise<void> {
  try {
    await db.transaction().execute(async (trx) => {
      const inserted = await trx
        .insertInto('deployments')
        .values(columns(deployment))
        .onConflict((conflict) => conflict.column('id').doNothing())
        .returning('id')
        .executeTakeFirst()
      // Another writer was faster; it writes the rest as well.
      if (!inserted) return
      await noteNumber(trx, deployment)
      const steps = stepsOf(deployment.trigger)
      await trx
        .insertInto('deployment_steps')
        .values(steps.map((name, position) => ({ deployment_id: deployment.id, position, name })))
        .execute()
      await addEvent(trx, deployment.id, { type: 'queued', status: 'QUEUED' })
    })
  } catch (error) {
    // The environment was deleted meanwhile. There is nowhere to record it, and trying again would not help.
    if (!isOrphan(error)) throw error
  }
}

async function noteNumber(
  trx: Kysely<Tables>,
  { serviceId, environment, number }: NewDeployment,
): Promise<void> {
  await trx
    .insertInto('deployment_numbers')
    .values({ service_id: serviceId, environment, last_number: number })
    .onConflict((conflict) =>
      conflict.columns(['service_id', 'environment']).doUpdateSet((eb) => ({
        last_number: eb.fn<number>('greatest', ['deployment_numbers.last_number', 'excluded.last_number']),
      })),
    )
    .execute()
}

const columns = (deployment: NewDeployment) => ({
  id: deployment.id,
  number: deployment.number,
  service_id: deployment.serviceId,
  environment: deployment.environment,
  trigger: deployment.trigger,
  ref: deployment.ref,
  commit_sha: deployment.commitSha,
  repo_full_name: deployment.repoFullName,
  service_url: deployment.serviceUrl,
  retry_of: deployment.retryOf,
  rollback_of: deployment.rollbackOf,
  release_id: deployment.releaseId,
  workflow_id: deployment.workflowId,
  requested_by: storable(deployment.requestedBy),
  queued_at: deployment.queuedAt,
})
