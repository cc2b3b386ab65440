import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type { ProcessStore } from '../../../ports/process-store.ts'
import type { Tables } from './tables.ts'

export const processStore = (db: Kysely<Tables>): ProcessStore => ({
  async observed(serviceId, environment, { number, processes }) {
    await sql`
      insert into observed_processes (service_id, environment, deployment_number, processes)
      select service_id, environment, ${number}::int, ${JSON.stringify(processes)}::jsonb from environments
      where service_id = ${serviceId} and environment = ${environment} for key share
      on conflict (service_id, environment) do update
      set deployment_number = excluded.deployment_number, processes = excluded.processes, observed_at = now()`.execute(
      db,
    )
  },

  async find(serviceId, environment) {
    const row = await db
      .selectFrom('observed_processes')
      .select(['deployment_number', 'processes', 'observed_at'])
      .where('service_id', '=', serviceId)
      .where('environment', '=', environment)
      .executeTakeFirst()
    return row && { number: row.deployment_number, processes: row.processes, observedAt: row.observed_at }
  },
})
