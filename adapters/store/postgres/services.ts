import type { Kysely, Selectable } from 'kysely'
import { Taken } from '../../../ports/store.ts'
import type { ServiceRow, ServiceStore } from '../../../ports/store.ts'
import { isUniqueViolation } from './errors.ts'
import type { Tables } from './tables.ts'

export const serviceStore = (db: Kysely<Tables>): ServiceStore => ({
  async create(service) {
    try {
      const row = await db
        .insertInto('services')
        .values(columns(service))
        .returningAll()
        .executeTakeFirstOrThrow()
      return toService(row)
    } catch (error) {
      if (isUniqueViolation(error)) throw new Taken(`There is a service ${service.serviceId} already`)
      throw error
    }
  },

  async change(serviceId, change) {
    const set = {
      ...(change.source && { source: JSON.stringify(change.source) }),
      ...(change.sealedCredentials !== undefined && { sealed_credentials: change.sealedCredentials }),
      ...(change.repoFullName !== undefined && { repo_full_name: change.repoFullName }),
      ...(change.sweepSeconds !== undefined && { sweep_seconds: change.sweepSeconds }),
    }
    if (Object.keys(set).length === 0) return find(db, serviceId)
    const row = await db
      .updateTable('services')
      .set(set)
      .where('service_id', '=', serviceId)
      .returningAll()
      .executeTakeFirst()
    return row && toService(row)
  },

  find: (serviceId) => find(db, serviceId),

  async list() {
    const rows = await db.selectFrom('services').selectAll().orderBy('service_id').execute()
    return rows.map(toService)
  },

  async remove(serviceId) {
    const { numDeletedRows } = await db
      .deleteFrom('services')
      .where('service_id', '=', serviceId)
      .executeTakeFirst()
    return numDeletedRows > 0n
  },
})

async function find(db: Kysely<Tables>, serviceId: string): Promise<ServiceRow | undefined> {
  const row = await db
    .selectFrom('services')
    .selectAll()
    .where('service_id', '=', serviceId)
    .executeTakeFirst()
  return row && toService(row)
}

const columns = (service: Omit<ServiceRow, 'createdAt'>) => ({
  service_id: service.serviceId,
  source: JSON.stringify(service.source),
  sealed_credentials: service.sealedCredentials,
  repo_full_name: service.repoFullName,
  sweep_seconds: service.sweepSeconds ?? null,
})

const toService = (row: Selectable<Tables['services']>): ServiceRow => ({
  serviceId: row.service_id,
  source: row.source,
  sealedCredentials: row.sealed_credentials,
  repoFullName: row.repo_full_name,
  sweepSeconds: row.sweep_seconds,
  createdAt: row.created_at,
})
