import { sql } from 'kysely'
import type { Kysely, Transaction } from 'kysely'
import type { DeploymentEvent } from '../../../contract/deployment.ts'
import { storableOrNull } from './storable.ts'
import type { EventsTable, Tables } from './tables.ts'
import { notify } from './watch.ts'

export interface NewEvent {
  type: EventsTable['type']
  status: string
  step?: EventsTable['step']
  attempt?: number
  detail?: string | null
}

/**
 * The number comes from the deployment's own row, which stays locked until the commit: events become visible in the
 * order of their numbers. A global serial would lose those that commit late to readers that resume by number.
 */
export async function addEvent(
  trx: Transaction<Tables>,
  deploymentId: string,
  event: NewEvent,
): Promise<void> {
  const { seq } = await trx
    .updateTable('deployments')
    .set({ last_event_seq: sql`last_event_seq + 1` })
    .where('id', '=', deploymentId)
    .returning('last_event_seq as seq')
    .executeTakeFirstOrThrow()
  await trx
    .insertInto('deployment_events')
    .values({
      deployment_id: deploymentId,
      seq,
      type: event.type,
      step: event.step ?? null,
      status: event.status,
      attempt: event.attempt ?? null,
      detail: storableOrNull(event.detail ?? null),
    })
    .execute()
  await notify(trx, deploymentId)
}

/** Oldest first. */
export async function readEvents(
  db: Kysely<Tables>,
  id: string,
  afterSeq: number,
  limit: number,
): Promise<DeploymentEvent[]> {
  const rows = await db
    .selectFrom('deployment_events')
    .select(['seq', 'at', 'type', 'step', 'status', 'attempt', 'detail', 'next_attempt_at'])
    .where('deployment_id', '=', id)
    .where('seq', '>', afterSeq)
    .orderBy('seq')
    .limit(limit)
    .execute()
  return rows.map(({ at, next_attempt_at: next, ...row }) => ({
    ...row,
    at: at.toISOString(),
    nextAttemptAt: next?.toISOString() ?? null,
  }))
}
