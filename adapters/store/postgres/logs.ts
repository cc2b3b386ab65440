import { sql } from 'kysely'
import type { Kysely, RawBuilder } from 'kysely'
import type { LogStore } from '../../../ports/store.ts'
import { isOrphan } from './errors.ts'
import { storable } from './storable.ts'
import type { Tables } from './tables.ts'
import { notify } from './watch.ts'

type Batch = Parameters<LogStore['append']>[1]

export const logStore = (db: Kysely<Tables>): LogStore => ({
  async append(deploymentId, batch) {
    try {
      const { rows } = await appendIfNext(deploymentId, batch).execute(db)
      const moved = rows[0]?.moved ?? false
      if (moved) await notify(db, deploymentId)
      return moved
    } catch (error) {
      // The deployment was deleted with its environment: its output goes nowhere.
      if (isOrphan(error)) return true
      throw error
    }
  },

  async position(deploymentId, cursor) {
    const row = await db
      .selectFrom('log_cursors')
      .select('position')
      .where('deployment_id', '=', deploymentId)
      .where('cursor', '=', cursor)
      .executeTakeFirst()
    return row?.position ?? 0
  },

  async read(deploymentId, { afterSeq, limit, step, bytes = Number.MAX_SAFE_INTEGER }) {
    const page = db
      .selectFrom('deployment_logs')
      .select(['seq', 'step', 'at', 'text'])
      .where('deployment_id', '=', deploymentId)
      .where('seq', '>', afterSeq)
      .$if(step !== undefined, (query) => query.where('step', '=', step!))
      .orderBy('seq')
      .limit(limit)
    const bytesBefore = sql<number>`sum(octet_length(text)) over (order by seq) - octet_length(text)`
    const measured = db.selectFrom(page.as('page')).selectAll().select(bytesBefore.as('bytes_before'))
    const rows = await db
      .selectFrom(measured.as('measured'))
      .select(['seq', 'step', 'at', 'text'])
      .where('bytes_before', '<', bytes)
      .orderBy('seq')
      .execute()
    return rows.map((row) => ({ ...row, at: row.at.toISOString() }))
  },
})

/** One statement: the cursor moves, the numbers are taken and the lines appear together, or nothing happens. */
function appendIfNext(id: string, { step, cursor, from, to, lines }: Batch): RawBuilder<{ moved: boolean }> {
  const move =
    from === 0
      ? sql`insert into log_cursors values (${id}, ${cursor}, ${to})
          on conflict (deployment_id, cursor) do update set position = excluded.position
          where log_cursors.position = 0 returning 1`
      : sql`update log_cursors set position = ${to}
          where deployment_id = ${id} and cursor = ${cursor} and position = ${from} returning 1`
  const times = lines.map((line) => line.at.toISOString())
  const texts = lines.map((line) => storable(line.text))
  return sql`
    with moved as (${move}),
    numbered as (
      update deployments set last_log_seq = last_log_seq + ${lines.length}
      where id = ${id} and exists (select from moved)
      returning last_log_seq - ${lines.length} as base
    ),
    stored as (
      insert into deployment_logs (deployment_id, seq, step, at, text)
      select ${id}, numbered.base + line.position, ${step}::text, line.at, line.text
      from numbered, unnest(${times}::timestamptz[], ${texts}::text[]) with ordinality as line (at, text, position)
    )
    select exists (select from moved) as moved`
}
