import { sql, type Kysely } from 'kysely'
import { openDeployment } from './open-deployment.ts'
import type { Tables } from './tables.ts'
import { notifying } from './watch.ts'

/** Its turn has come. A run that is known already changes nothing, another one is no second event. One statement. */
export async function startDeployment(
  db: Kysely<Tables>,
  id: string,
  { runId, at }: { runId: string; at: Date },
): Promise<void> {
  await sql`
    with open as (${openDeployment(id)}),
    changed as (
      update deployments set status = 'RUNNING', run_id = ${runId},
        started_at = coalesce(started_at, ${at}::timestamptz),
        last_event_seq = last_event_seq + case when open.status = 'QUEUED' then 1 else 0 end
      from open where deployments.id = open.id and open.run_id is distinct from ${runId}
      returning open.id, last_event_seq as seq, open.status as before
    ),
    stored as (
      insert into deployment_events (deployment_id, seq, type, status)
      select id, seq, 'started', 'RUNNING' from changed where before = 'QUEUED'
    )
    ${notifying(sql`select id from changed`)}`.execute(db)
}
