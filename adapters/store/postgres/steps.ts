import { sql, type Kysely, type RawBuilder } from 'kysely'
import type { StepName, StepStatus } from '../../../contract/vocabulary.ts'
import { openDeployment } from './open-deployment.ts'
import { firstLine } from './first-line.ts'
import { storableOrNull } from './storable.ts'
import type { Tables } from './tables.ts'
import { notifying } from './watch.ts'

/** An attempt that is not newer than the recorded one is a late writer and changes nothing. */
export const startStep = (db: Kysely<Tables>, id: string, step: StepName, attempt: number): Promise<void> =>
  changeStep(db, id, step, {
    status: 'RUNNING',
    detail: null,
    set: sql`attempt = ${attempt}, started_at = coalesce(started_at, now()), finished_at = null,
      next_attempt_at = null`,
    where: sql`attempt < ${attempt}`,
  })

/** Tells why an attempt failed, and when the next one begins. A later attempt may have begun: then it is no news. */
export const retryStep = (
  db: Kysely<Tables>,
  id: string,
  step: StepName,
  { attempt, reason, nextIn }: { attempt: number; reason: string; nextIn: number },
): Promise<void> =>
  changeStep(db, id, step, {
    type: 'retry',
    status: 'RUNNING',
    detail: null,
    set: sql`last_failure = ${storableOrNull(firstLine(reason))},
      next_attempt_at = now() + ${nextIn} * interval '1 millisecond'`,
    where: sql`attempt = ${attempt} and deployment_steps.status = 'RUNNING'`,
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
    set: sql`next_attempt_at = null, finished_at = now(), started_at = ${status === 'SKIPPED' ? sql`started_at` : sql`coalesce(started_at, now())`}`,
    where: sql`deployment_steps.status in ('PENDING', 'RUNNING')`,
  })

interface StepChange {
  /** Of the event; `retry` says why it is tried again. */
  type?: 'step' | 'retry'
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
  const { type = 'step' } = change
  const detail = storableOrNull(change.detail)
  const said = type === 'retry' ? sql`last_failure` : sql`${detail}`
  await sql`
    with open as (${openDeployment(id)}),
    changed as (
      update deployment_steps set status = ${change.status}, detail = ${detail}, ${change.set}
      from open where deployment_id = open.id and name = ${step} and ${change.where}
      returning attempt, last_failure, next_attempt_at
    ),
    numbered as (
      update deployments set last_event_seq = last_event_seq + 1
      from changed where deployments.id = ${id}
      returning last_event_seq as seq, changed.*
    ),
    stored as (
      insert into deployment_events (deployment_id, seq, type, step, status, attempt, detail, next_attempt_at)
      select ${id}, seq, ${type}, ${step}, ${change.status}, attempt, ${said}, next_attempt_at from numbered
      returning deployment_id
    )
    ${notifying(sql`select deployment_id from stored`)}`.execute(db)
}
