import { sql, type Kysely, type RawBuilder } from 'kysely'
import type { StepName, StepStatus } from '../../../contract/vocabulary.ts'
import { openDeployment } from './open-deployment.ts'
import { storableOrNull } from './storable.ts'
import type { Tables } from './tables.ts'
import { notifying } from './watch.ts'

/** An attempt that is not newer than the recorded one is a late writer and changes nothing. */
export const startStep = (db: Kysely<Tables>, id: string, step: StepName, attempt: number): Promise<void> =>
  changeStep(db, id, step, {
    status: 'RUNNING',
    detail: null,
    set: sql`attempt = ${attempt}, started_at = coalesce(started_at, now()), finished_at = null`,
    where: sql`attempt < ${attempt}`,
  })

/** Ends a step that has not ended yet. */
export const endStep = (
  db: Kysely<Tables>,
  id: string,
  step: StepName,
  { status, detail }: { status: StepStatus; detail: string | null },
): Promise<void> =>
  changeStep(db, id, step, {
    status,
    detail,
    // What is skipped without having run has no start.
    set: sql`finished_at = now(), started_at = ${status === 'SKIPPED' ? sql`started_at` : sql`coalesce(started_at, now())`}`,
    where: sql`deployment_steps.status in ('PENDING', 'RUNNING')`,
  })

interface StepChange {
  status: StepStatus
  detail: string | null
  set: RawBuilder<unknown>
  where: RawBuilder<unknown>
}

/**
 * One statement, so one round trip and one commit, for a deployment has twenty of these: the deployment's row is
 * locked, the step changed, its event numbered (see `addEvent`) and stored; or nothing happens.
 */
async function changeStep(db: Kysely<Tables>, id: string, step: StepName, change: StepChange): Promise<void> {
  const detail = storableOrNull(change.detail)
  await sql`
    with open as (${openDeployment(id)}),
    changed as (
      update deployment_steps set status = ${change.status}, detail = ${detail}, ${change.set}
      from open where deployment_id = open.id and name = ${step} and ${change.where}
      returning attempt
    ),
    numbered as (
      update deployments set last_event_seq = last_event_seq + 1
      from changed where deployments.id = ${id}
      returning last_event_seq as seq, changed.attempt
    ),
    stored as (
      insert into deployment_events (deployment_id, seq, type, step, status, attempt, detail)
      select ${id}, seq, 'step', ${step}, ${change.status}, attempt, ${detail} from numbered
      returning deployment_id
    )
    ${notifying(sql`select deployment_id from stored`)}`.execute(db)
}
