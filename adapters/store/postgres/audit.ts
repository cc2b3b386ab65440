import { sql, type Kysely, type Selectable } from 'kysely'
import type { AuditEntry } from '../../../contract/audit.ts'
import type { AuditFilter, AuditStore } from '../../../ports/audit-store.ts'
import { cursorOf, pageOf } from './cursor.ts'
import { storableOrNull } from './storable.ts'
import type { Tables } from './tables.ts'

const cursors = cursorOf('a')
const remembered = sql`interval '400 days'`

export const auditStore = (db: Kysely<Tables>): AuditStore => ({
  async add(entry) {
    await db
      .deleteFrom('audit_entries')
      .where(sql<boolean>`at < now() - ${remembered}`)
      .execute()
    await db
      .insertInto('audit_entries')
      .values({
        actor_id: entry.actorId,
        actor_name: entry.actorName,
        role: entry.role,
        address: entry.address,
        action: entry.action,
        service_id: entry.serviceId,
        environment: entry.environment,
        target: storableOrNull(entry.target),
        status: entry.status,
        code: entry.code,
        request_id: entry.requestId,
      })
      .execute()
  },

  async list(filter) {
    const rows = await matching(db, filter)
      .orderBy('seq', 'desc')
      .limit(filter.limit + 1)
      .execute()
    const { page, nextCursor } = pageOf(rows, filter.limit, cursors.write)
    return { data: page.map(toEntry), nextCursor }
  },
})

function matching(db: Kysely<Tables>, filter: AuditFilter) {
  let query = db.selectFrom('audit_entries').selectAll()
  if (filter.serviceId !== undefined) query = query.where('service_id', '=', filter.serviceId)
  if (filter.environment !== undefined) query = query.where('environment', '=', filter.environment)
  if (filter.actor !== undefined) query = query.where('actor_id', '=', filter.actor)
  if (filter.action !== undefined) query = query.where('action', '=', filter.action)
  if (filter.outcome === 'done') query = query.where('status', '<', 400)
  if (filter.outcome === 'refused') query = query.where('status', '>=', 400)
  if (filter.since !== undefined) query = query.where('at', '>=', filter.since)
  if (filter.until !== undefined) query = query.where('at', '<', filter.until)
  if (filter.cursor !== undefined) query = query.where('seq', '<', cursors.read(filter.cursor))
  return query
}

const toEntry = (row: Selectable<Tables['audit_entries']>): AuditEntry => ({
  at: row.at.toISOString(),
  actorId: row.actor_id,
  actorName: row.actor_name,
  role: row.role,
  address: row.address,
  action: row.action,
  serviceId: row.service_id,
  environment: row.environment,
  target: row.target,
  status: row.status,
  code: row.code,
  requestId: row.request_id,
})
