import { sql, type Kysely } from 'kysely'
import { stepsOf } from '../../../contract/vocabulary.ts'
import type { NewDeployment } from '../../../ports/store.ts'
import { isOrphan } from './errors.ts'
import { storable } from './storable.ts'
import type { Tables } from './tables.ts'
import { notifying } from './watch.ts'

/** One statement: everything of a new deployment appears together, or another writer was faster with all of it. */
export async function recordQueued(db: Kysely<Tables>, deployment: NewDeployment): Promise<void> {
  const { serviceId, environment, number, trigger } = deployment
  const made = db
    .insertInto('deployments')
    .values({ ...columns(deployment), last_event_seq: 1 })
    // Whichever index sees it first: the id is made of the number, and with `id` alone the other index is an error.
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
  try {
    await sql`
      with made as (${made}),
      noted as (
        insert into deployment_numbers (service_id, environment, last_number)
        select ${serviceId}, ${environment}, ${number}::int from made
        on conflict (service_id, environment)
          do update set last_number = greatest(deployment_numbers.last_number, excluded.last_number)
      ),
      planned as (
        insert into deployment_steps (deployment_id, position, name)
        select made.id, step.position - 1, step.name
        from made, unnest(${[...stepsOf(trigger)]}::text[]) with ordinality as step (name, position)
      ),
      stored as (
        insert into deployment_events (deployment_id, seq, type, status)
        select made.id, 1, 'queued', 'QUEUED' from made
      )
      ${notifying(sql`select id from made`)}`.execute(db)
  } catch (error) {
    // The environment was deleted meanwhile. There is nowhere to record it, and trying again would not help.
    if (!isOrphan(error)) throw error
  }
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
