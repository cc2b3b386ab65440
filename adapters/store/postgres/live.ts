import { sql } from 'kysely'
import type { Kysely, Transaction } from 'kysely'
import { deploymentId, releaseId } from '../../../contract/names.ts'
import { compareFences } from '../../../contract/routing.ts'
import type { Fence } from '../../../contract/routing.ts'
import type { ReleaseRef } from '../../../contract/workflows.ts'
import { addEvent } from './events.ts'
import type { Tables } from './tables.ts'
import { notify } from './watch.ts'

/** Fenced as the router is: revision 0 of a deployment makes it live, 1 takes that back for good. */
export const markLive = (
  db: Kysely<Tables>,
  release: ReleaseRef,
  detail: string | null = null,
): Promise<void> =>
  moveLive(db, release, { deployment: release.number, revision: 0 }, async (trx) => {
    await trx
      .updateTable('deployments')
      .set({
        live_at: sql`now()`,
        release_id: releaseId(release.serviceId, release.environment, release.releaseNumber),
      })
      .where('id', '=', release.deploymentId)
      .execute()
    await addLiveEvent(trx, release.deploymentId, detail)
    return release.number
  })

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
