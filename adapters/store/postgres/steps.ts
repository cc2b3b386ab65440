import { sql } from 'kysely'
import type { Transaction } from 'kysely'
import type { StepName, StepStatus } from '../../../contract/vocabulary.ts'
import { addEvent } from './events.ts'
import { storableOrNull } from './storable.ts'
import type { Tables } from './tables.ts'

/** An attempt that is not newer than the recorded one is a late writer and changes nothing. */
export async function startStep(
  trx: Transaction<Tables>,
  id: string,
  step: StepName,
  attempt: number,
): Promise<void> {
  const started = await trx
    .updateTable('deployment_steps')
    .set({
      status: 'RUNNING',
      attempt,
      detail: null,
      started_at: sql`coalesce(started_at, now())`,
      finished_at: null,
    })
    .where('deployment_id', '=', id)
    .where('name', '=', step)
    .where('attempt', '<', attempt)
    .returning('attempt')
    .executeTakeFirst()
  if (started) await addEvent(trx, id, { type: 'step', step, status: 'RUNNING', attempt })
}

/** Ends a step that has not ended yet. */
export async function endStep(
  trx: Transaction<Tables>,
  id: string,
  step: StepName,
  { status, detail }: { status: StepStatus; detail: string | null },
): Promise<void> {
  const ended = await trx
    .updateTable('deployment_steps')
    .set({
      status,
      detail: storableOrNull(detail),
      finished_at: sql`now()`,
      // What is skipped without having run has no start.
      ...(status !== 'SKIPPED' && { started_at: sql<Date>`coalesce(started_at, now())` }),
    })
    .where('deployment_id', '=', id)
    .where('name', '=', step)
    .where('status', 'in', ['PENDING', 'RUNNING'])
    .returning('attempt')
    .executeTakeFirst()
  if (ended) await addEvent(trx, id, { type: 'step', step, status, attempt: ended.attempt, detail })
}
