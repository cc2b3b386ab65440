import { sql, type Kysely, type Selectable } from 'kysely'
import type { Delivery } from '../../../contract/notification.ts'
import type { NotificationStore, TargetRow } from '../../../ports/notification-store.ts'
import { cursorOf, pageOf } from './cursor.ts'
import { storableOrNull } from './storable.ts'
import type { Tables } from './tables.ts'

const cursors = cursorOf('n')
const remembered = sql`interval '30 days'`
/** Longer than the longest pause between two attempts. */
const silence = sql`interval '2 hours'`

export const notificationStore = (db: Kysely<Tables>): NotificationStore => ({
  async targets(serviceId) {
    const rows = await db
      .selectFrom('notification_targets')
      .selectAll()
      .where('service_id', '=', serviceId)
      .orderBy('name')
      .execute()
    return rows.map(toTarget)
  },

  replaceTargets: (serviceId, targets) =>
    db.transaction().execute(async (trx) => {
      // Two that replace at once would each insert what the other's delete did not see.
      await trx
        .selectFrom('services')
        .select('service_id')
        .where('service_id', '=', serviceId)
        .forNoKeyUpdate()
        .execute()
      await trx.deleteFrom('notification_targets').where('service_id', '=', serviceId).execute()
      if (targets.length === 0) return
      await trx
        .insertInto('notification_targets')
        .values(targets.map((target) => columns(serviceId, target)))
        .execute()
    }),

  async waiting(limit) {
    await db
      .deleteFrom('notification_deliveries')
      .where(sql<boolean>`created_at < now() - ${remembered}`)
      .execute()
    const rows = await db
      .selectFrom('notification_deliveries')
      .select('id')
      .where('status', '=', 'PENDING')
      .where(sql<boolean>`handed_over_at is null or handed_over_at < now() - ${silence}`)
      .orderBy('seq')
      .limit(limit)
      .execute()
    return rows.map(({ id }) => id)
  },

  async handedOver(id) {
    await db
      .updateTable('notification_deliveries')
      .set({ handed_over_at: sql`now()` })
      .where('id', '=', id)
      .execute()
  },

  async find(id) {
    const row = await db
      .selectFrom('notification_deliveries')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst()
    if (!row) return undefined
    const target = await db
      .selectFrom('notification_targets')
      .selectAll()
      .where('service_id', '=', row.service_id)
      .where('name', '=', row.target)
      .executeTakeFirst()
    const { event, data, status, created_at: createdAt } = row
    return { id, event, data, status, createdAt, target: target ? toTarget(target) : null }
  },

  async attempted(id, { status, httpStatus, error }) {
    await db
      .updateTable('notification_deliveries')
      .set({
        status,
        attempts: sql`attempts + 1`,
        last_status: httpStatus,
        last_error: storableOrNull(error),
        handed_over_at: sql`now()`,
        finished_at: status === 'PENDING' ? null : sql`now()`,
      })
      .where('id', '=', id)
      .where('status', '=', 'PENDING')
      .execute()
  },

  async giveUp(id) {
    await db
      .updateTable('notification_deliveries')
      .set({ status: 'FAILED', finished_at: sql`now()` })
      .where('id', '=', id)
      .where('status', '=', 'PENDING')
      .execute()
  },

  async deliveries(serviceId, { limit, cursor }) {
    const rows = await db
      .selectFrom('notification_deliveries')
      .selectAll()
      .where('service_id', '=', serviceId)
      .$if(cursor !== undefined, (query) => query.where('seq', '<', cursors.read(cursor!)))
      .orderBy('seq', 'desc')
      .limit(limit + 1)
      .execute()
    const { page, nextCursor } = pageOf(rows, limit, cursors.write)
    return { data: page.map(toDelivery), nextCursor }
  },
})

const columns = (serviceId: string, target: Omit<TargetRow, 'serviceId'>) => ({
  service_id: serviceId,
  name: target.name,
  kind: target.kind,
  shown_url: target.shownUrl,
  sealed_url: target.sealedUrl,
  sealed_secret: target.sealedSecret,
  events: target.events,
  environments: target.environments,
})

const toTarget = (row: Selectable<Tables['notification_targets']>): TargetRow => ({
  serviceId: row.service_id,
  name: row.name,
  kind: row.kind,
  shownUrl: row.shown_url,
  sealedUrl: row.sealed_url,
  sealedSecret: row.sealed_secret,
  events: row.events,
  environments: row.environments,
})

const toDelivery = (row: Selectable<Tables['notification_deliveries']>): Delivery => ({
  id: row.id,
  target: row.target,
  deploymentId: row.deployment_id,
  event: row.event,
  status: row.status,
  attempts: row.attempts,
  lastStatus: row.last_status,
  lastError: row.last_error,
  createdAt: row.created_at.toISOString(),
  finishedAt: row.finished_at?.toISOString() ?? null,
})
