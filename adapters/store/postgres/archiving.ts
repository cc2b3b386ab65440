import { sql, type Kysely } from 'kysely'
import { finalStatuses } from '../../../contract/vocabulary.ts'
import type { Tables } from './tables.ts'
import { notifying } from './watch.ts'

const ended = sql.join([...finalStatuses])

export async function archiveAll(db: Kysely<Tables>, ids: string[], archived: boolean): Promise<string[]> {
  if (ids.length === 0) return []
  const { rows } = await sql<{ id: string }>`
    update deployments set archived_at = ${archived ? sql`coalesce(archived_at, now())` : sql`null`}
    where id in (${sql.join(ids)}) and status in (${ended}) returning id`.execute(db)
  if (rows.length > 0)
    await notifying(
      sql`select id from deployments where id in (${sql.join(rows.map(({ id }) => id))})`,
    ).execute(db)
  return rows.map(({ id }) => id)
}

/** In portions: what has been kept for years must not lock the table. */
export async function archiveEnded(db: Kysely<Tables>, before: Date): Promise<number> {
  const { numAffectedRows } = await sql`
    update deployments set archived_at = now() where id in (
      select d.id from deployments d join environments e using (service_id, environment)
      where d.archived_at is null and d.finished_at < ${before} and d.status in (${ended})
        and d.number is distinct from e.live_number
      order by d.finished_at limit 1000)`.execute(db)
  return Number(numAffectedRows ?? 0)
}
