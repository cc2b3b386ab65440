import { sql } from 'kysely'
import type { Kysely, Transaction } from 'kysely'
import { deploymentId, releaseId } from '../../../contract/names.ts'
import { compareFences } from '../../../contract/routing.ts'
import type { Fence } from '../../../contract/routing.ts'
import type { ReleaseRef } from '../../../contract/workflows.ts'
import { addEvent } from './events.ts'
import type { Tables } from './tables.ts'
import { notify, notifying } from './watch.ts'

/** Fenced as the router is: revision 0 of a deployment makes it live, 1 takes that back for good. */
export async function markLive(
  db: Kysely<Tables>,
  release: ReleaseRef,
  detail: string | null = null,
): Promise<void> {
  const { serviceId, environment, number, releaseNumber } = release
  // One statement, because a deployment is not live for anybody before it is done.
  await sql`
    with held as (
      select service_id, environment, live_number from environments
      where service_id = ${serviceId} and environment = ${environment}
        and (fence_deployment, fence_revision) < (${number}::int, 0) for no key update
    ),
    moved as (
      update environments set live_number = ${number}, fence_deployment = ${number}, fence_revision = 0
      from held where environments.service_id = held.service_id and environments.environment = held.environment
      returning held.live_number as before
    ),
    changed as (
      update deployments set live_at = now(), last_event_seq = last_event_seq + 1,
        release_id = ${releaseId(serviceId, environment, releaseNumber)}
      from moved where id = ${release.deploymentId}
      returning id, last_event_seq as seq, status
    ),
    stored as (
      insert into deployment_events (deployment_id, seq, type, status, detail)
      select id, seq, 'live', status, ${detail}::text from changed
    )
    ${notifying(sql`
      select id from changed
      union select id from deployments join moved on number = moved.before
      where service_id = ${serviceId} and environment = ${environment}`)}`.execute(db)
}

export const unmarkLive = (db: Kysely<Tables>, release: ReleaseRef, previous: number | null): Promise<void> =>
  moveLive(db, release, { deployment: release.number, revision: 1 }, async (trx, live) => {
    // markLive never took effect: nothing to give back, but from now on it must not.
    if (live !== release.number) return live
    await addLiveEvent(trx, release.deploymentId, 'no longer live')
    if (previous !== null) {
      const earlier = deploymentId(release.serviceId, release.environment, previous)
      await addLiveEvent(trx, earlier, 'live again')
    }
    return previous
  })

async function moveLive(
  db: Kysely<Tables>,
  { serviceId, environment }: ReleaseRef,
  fence: Fence,
  move: (trx: Transaction<Tables>, live: number | null) => Promise<number | null>,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom('environments')
      .select(['live_number', 'fence_deployment', 'fence_revision'])
      .where('service_id', '=', serviceId)
      .where('environment', '=', environment)
      .forNoKeyUpdate()
      .executeTakeFirst()
    if (!row) return
    if (compareFences(fence, { deployment: row.fence_deployment, revision: row.fence_revision }) <= 0) return
    const live = await move(trx, row.live_number)
    await trx
      .updateTable('environments')
      .set({ live_number: live, fence_deployment: fence.deployment, fence_revision: fence.revision })
      .where('service_id', '=', serviceId)
      .where('environment', '=', environment)
      .execute()
    if (row.live_number !== null) await notify(trx, deploymentId(serviceId, environment, row.live_number))
  })
}

async function addLiveEvent(trx: Transaction<Tables>, id: string, detail: string | null): Promise<void> {
  const row = await trx.selectFrom('deployments').select('status').where('id', '=', id).executeTakeFirst()
  if (row) await addEvent(trx, id, { type: 'live', status: row.status, detail })
}
