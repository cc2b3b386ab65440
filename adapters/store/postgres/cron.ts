import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type { Plan } from '../../../contract/plan.ts'
import type { CronStore, CronTimes } from '../../../ports/cron-store.ts'
import { storableOrNull } from './storable.ts'
import type { Tables } from './tables.ts'

export const cronStore = (db: Kysely<Tables>): CronStore => ({
  async wanted() {
    const { rows } = await sql<{ service_id: string; environment: string; cron: Plan['cron'] }>`
      select environments.service_id, environments.environment, releases.plan -> 'cron' as cron
      from environments
      join deployments on deployments.service_id = environments.service_id
        and deployments.environment = environments.environment and deployments.number = environments.live_number
      join releases on releases.release_id = deployments.release_id
      where releases.plan -> 'cron' <> '[]'::jsonb`.execute(db)
    return rows.flatMap(({ service_id, environment, cron }) => {
      const entries = cron.map(({ name, schedule, timeZone = 'UTC' }): [string, CronTimes] => [
        name,
        { serviceId: service_id, environment, name, schedule, timeZone },
      ])
      return [...new Map(entries).values()]
    })
  },

  async kept(serviceId, environment) {
    const rows = await db
      .selectFrom('cron_schedules')
      .selectAll()
      .$if(serviceId !== undefined, (query) => query.where('service_id', '=', serviceId!))
      .$if(environment !== undefined, (query) => query.where('environment', '=', environment!))
      .execute()
    return rows.map((row) => ({
      serviceId: row.service_id,
      environment: row.environment,
      name: row.name,
      schedule: row.schedule,
      timeZone: row.time_zone,
      note: row.note,
    }))
  },

  async keep({ serviceId, environment, name, schedule, timeZone, note }) {
    const times = { schedule, time_zone: timeZone, note: storableOrNull(note) }
    await db
      .insertInto('cron_schedules')
      .values({ service_id: serviceId, environment, name, ...times })
      .onConflict((conflict) => conflict.columns(['service_id', 'environment', 'name']).doUpdateSet(times))
      .execute()
  },

  async forget({ serviceId, environment, name }) {
    await db
      .deleteFrom('cron_schedules')
      .where('service_id', '=', serviceId)
      .where('environment', '=', environment)
      .where('name', '=', name)
      .execute()
  },
})
