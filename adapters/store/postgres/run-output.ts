import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type { RunStore } from '../../../ports/run-store.ts'
import { storable } from './storable.ts'
import type { Tables } from './tables.ts'
import { notify } from './watch.ts'

/** The output of runs: as that of deployments, with the one cursor in the run's own row. */
export const runOutput = (db: Kysely<Tables>): Pick<RunStore, 'output' | 'lines'> => ({
  output: {
    async append(id, { from, to, lines }) {
      const times = lines.map((line) => line.at.toISOString())
      const texts = lines.map((line) => storable(line.text))
      const { rows } = await sql<{ moved: boolean; gone: boolean }>`
        with moved as (
          update runs set output_position = ${to}, last_line_seq = last_line_seq + ${lines.length}
          where id = ${id} and output_position = ${from}
          returning last_line_seq - ${lines.length} as base
        ),
        stored as (
          insert into run_lines (run_id, seq, at, text)
          select ${id}, moved.base + line.position, line.at, line.text
          from moved, unnest(${times}::timestamptz[], ${texts}::text[]) with ordinality as line (at, text, position)
        )
        select exists (select from moved) as moved, not exists (select from runs where id = ${id}) as gone`.execute(
        db,
      )
      const { moved = false, gone = true } = rows[0] ?? {}
      if (moved) await notify(db, id)
      // Deleted with its environment: its output goes nowhere.
      return moved || gone
    },

    async position(id) {
      const row = await db
        .selectFrom('runs')
        .select('output_position')
        .where('id', '=', id)
        .executeTakeFirst()
      return row?.output_position ?? 0
    },
  },

  async lines(id, afterSeq, limit) {
    const rows = await db
      .selectFrom('run_lines')
      .select(['seq', 'at', 'text'])
      .where('run_id', '=', id)
      .where('seq', '>', afterSeq)
      .orderBy('seq')
      .limit(limit)
      .execute()
    return rows.map((row) => ({ ...row, at: row.at.toISOString() }))
  },
})
