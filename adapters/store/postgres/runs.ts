import { sql } from 'kysely'
import type { Kysely, Selectable } from 'kysely'
import type { RunRow, RunStore } from '../../../ports/run-store.ts'
import { runOutput } from './run-output.ts'
import { storable, storableOrNull } from './storable.ts'
import type { RunsTable, Tables } from './tables.ts'
import { notify } from './watch.ts'

/** Ended runs that an environment keeps. */
const kept = 500

/** What nobody has taken up by then is not started any more. */
const takenUpWithin = sql<Date>`now() - interval '30 seconds'`
const tooLate = 'Nobody took it up within 30 s, so it was not started. Run it again.'

const over = ['SUCCEEDED', 'FAILED', 'CANCELED'] as const

export const runStore = (db: Kysely<Tables>): RunStore => ({
  ...runOutput(db),

  async create(run) {
    await db
      .insertInto('runs')
      .values({
        id: run.id,
        service_id: run.serviceId,
        environment: run.environment,
        kind: run.kind,
        cron_name: run.cronName,
        command: storable(run.command),
        sealed_command: run.sealedCommand,
        deployment_id: run.deploymentId,
        release_id: run.releaseId,
        number: run.number,
        release_number: run.releaseNumber,
        host: run.host,
        requested_by: run.requestedBy,
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute()
    await prune(db, run)
    return db.selectFrom('runs').selectAll().where('id', '=', run.id).executeTakeFirstOrThrow().then(toRun)
  },

  async find(id) {
    const row = await db.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirst()
    return row && toRun(row)
  },

  async list(serviceId, environment, { cronName, limit }) {
    const rows = await db
      .selectFrom('runs')
      .selectAll()
      .where('service_id', '=', serviceId)
      .where('environment', '=', environment)
      .$if(cronName !== undefined, (query) => query.where('cron_name', '=', cronName!))
      .orderBy('seq', 'desc')
      .limit(limit)
      .execute()
    return rows.map(toRun)
  },

  async unfinished(age) {
    const rows = await db
      .selectFrom('runs')
      .selectAll()
      .where('status', 'not in', over)
      .where('created_at', '<=', sql<Date>`now() - ${age} * interval '1 millisecond'`)
      .orderBy('seq')
      .execute()
    return rows.map(toRun)
  },

  async started(id) {
    const queued = db.updateTable('runs').where('id', '=', id).where('status', '=', 'QUEUED')
    await queued
      .set({ status: 'RUNNING', started_at: sql`now()` })
      .where('created_at', '>', takenUpWithin)
      .execute()
    await queued.set({ status: 'FAILED', note: tooLate, finished_at: sql`now()` }).execute()
    await notify(db, id)
    return this.find(id)
  },

  async finish(id, { status, exitCode, note }) {
    await db
      .updateTable('runs')
      .set({ status, exit_code: exitCode, note: storableOrNull(note), finished_at: sql`now()` })
      .where('id', '=', id)
      .where('status', 'not in', over)
      .execute()
    await notify(db, id)
  },

  async withdraw(id) {
    const { numDeletedRows } = await db
      .deleteFrom('runs')
      .where('id', '=', id)
      .where('status', '=', 'QUEUED')
      .executeTakeFirst()
    return numDeletedRows > 0n
  },
})

async function prune(
  db: Kysely<Tables>,
  { serviceId, environment }: Pick<RunRow, 'serviceId' | 'environment'>,
): Promise<void> {
  const oldest = db
    .selectFrom('runs')
    .select('seq')
    .where('service_id', '=', serviceId)
    .where('environment', '=', environment)
    .orderBy('seq', 'desc')
    .offset(kept)
    .limit(1)
  await db
    .deleteFrom('runs')
    .where('service_id', '=', serviceId)
    .where('environment', '=', environment)
    .where('status', 'in', over)
    .where('seq', '<=', oldest)
    .execute()
}

const toRun = (row: Selectable<RunsTable>): RunRow => ({
  id: row.id,
  serviceId: row.service_id,
  environment: row.environment,
  kind: row.kind,
  cronName: row.cron_name,
  command: row.command,
  sealedCommand: row.sealed_command,
  deploymentId: row.deployment_id,
  releaseId: row.release_id,
  number: row.number,
  releaseNumber: row.release_number,
  host: row.host,
  status: row.status,
  exitCode: row.exit_code,
  note: row.note,
  requestedBy: row.requested_by,
  createdAt: row.created_at.toISOString(),
  startedAt: row.started_at?.toISOString() ?? null,
  finishedAt: row.finished_at?.toISOString() ?? null,
})
