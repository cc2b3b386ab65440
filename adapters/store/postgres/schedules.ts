import type { Kysely, Selectable } from 'kysely'
import { Taken, type ScheduleRow, type ScheduleStore } from '../../../ports/store.ts'
import { storableOrNull } from './storable.ts'
import type { SchedulesTable, Tables } from './tables.ts'

export const scheduleStore = (db: Kysely<Tables>): ScheduleStore => ({
  async create({ serviceId, environment, name, cron, at, timeZone, action }) {
    const row = await db
      .insertInto('schedules')
      .values({
        ...keyOf(serviceId, environment, name),
        ...{ cron, at, time_zone: timeZone, action: JSON.stringify(action) },
      })
      .onConflict((conflict) => conflict.columns(['service_id', 'environment', 'name']).doNothing())
      .returningAll()
      .executeTakeFirst()
    if (!row) throw new Taken(`${serviceId}/${environment} has a schedule ${name} already`)
    return toSchedule(row)
  },

  async find(serviceId, environment, name) {
    const row = await db
      .selectFrom('schedules')
      .selectAll()
      .where((eb) => eb.and(keyOf(serviceId, environment, name)))
      .executeTakeFirst()
    return row && toSchedule(row)
  },

  async list(serviceId, environment) {
    let query = db.selectFrom('schedules').selectAll()
    if (serviceId !== undefined) query = query.where('service_id', '=', serviceId)
    if (environment !== undefined) query = query.where('environment', '=', environment)
    const rows = await query.orderBy('service_id').orderBy('environment').orderBy('name').execute()
    return rows.map(toSchedule)
  },

  async pause(serviceId, environment, name, paused, reason) {
    await db
      .updateTable('schedules')
      .set({ paused, paused_reason: storableOrNull(reason) })
      .where((eb) => eb.and(keyOf(serviceId, environment, name)))
      .execute()
  },

  async ran(serviceId, environment, name, { at, deploymentId, note }) {
    await db
      .updateTable('schedules')
      .set({ last_run_at: at, last_run_deployment: deploymentId, last_run_note: storableOrNull(note) })
      .where((eb) => eb.and(keyOf(serviceId, environment, name)))
      .execute()
  },

  async remove(serviceId, environment, name) {
    const { numDeletedRows } = await db
      .deleteFrom('schedules')
      .where((eb) => eb.and(keyOf(serviceId, environment, name)))
      .executeTakeFirst()
    return numDeletedRows > 0n
  },
})

const keyOf = (serviceId: string, environment: string, name: string) => ({
  service_id: serviceId,
  environment,
  name,
})

const toSchedule = (row: Selectable<SchedulesTable>): ScheduleRow => ({
  serviceId: row.service_id,
  environment: row.environment,
  name: row.name,
  cron: row.cron,
  at: row.at,
  timeZone: row.time_zone,
  action: row.action,
  paused: row.paused,
  pausedReason: row.paused_reason,
  lastRun:
    row.last_run_at === null
      ? null
      : { at: row.last_run_at, deploymentId: row.last_run_deployment, note: row.last_run_note },
  createdAt: row.created_at,
})
