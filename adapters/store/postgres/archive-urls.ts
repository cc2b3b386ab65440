import type { Kysely } from 'kysely'
import type { ArchiveUrlStore } from '../../../ports/store.ts'
import type { Tables } from './tables.ts'

export const archiveUrlStore = (db: Kysely<Tables>): ArchiveUrlStore => ({
  async put(serviceId, ref, sealed) {
    await db
      .insertInto('archive_urls')
      .values({ service_id: serviceId, ref, sealed })
      .onConflict((conflict) => conflict.columns(['service_id', 'ref']).doUpdateSet({ sealed }))
      .execute()
  },

  async find(serviceId, ref) {
    const row = await db
      .selectFrom('archive_urls')
      .select('sealed')
      .where('service_id', '=', serviceId)
      .where('ref', '=', ref)
      .executeTakeFirst()
    return row?.sealed
  },
})
