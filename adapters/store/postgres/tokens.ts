import { sql, type Kysely, type Selectable } from 'kysely'
import type { TokenRow, TokenStore } from '../../../ports/token-store.ts'
import { isOrphan } from './errors.ts'
import type { Tables } from './tables.ts'

export const tokenStore = (db: Kysely<Tables>): TokenStore => {
  const one = async (column: 'id' | 'hash', value: string) => {
    const row = await db.selectFrom('api_tokens').selectAll().where(column, '=', value).executeTakeFirst()
    return row && toToken(row)
  }
  return {
    async create(token) {
      try {
        const row = await db
          .insertInto('api_tokens')
          .values({
            id: token.id,
            name: token.name,
            role: token.role,
            service_id: token.serviceId,
            hash: token.hash,
            created_by: token.createdBy,
            expires_at: token.expiresAt,
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        return toToken(row)
      } catch (error) {
        if (isOrphan(error)) return undefined
        throw error
      }
    },
    findByHash: (hash) => one('hash', hash),
    find: (id) => one('id', id),
    async list(serviceId) {
      const rows = await db
        .selectFrom('api_tokens')
        .selectAll()
        .$if(serviceId !== undefined, (query) => query.where('service_id', '=', serviceId!))
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .execute()
      return rows.map(toToken)
    },
    async used(id) {
      await db
        .updateTable('api_tokens')
        .set({ last_used_at: sql`now()` })
        .where('id', '=', id)
        .where(sql<boolean>`last_used_at is null or last_used_at < now() - interval '1 minute'`)
        .execute()
    },
    async remove(id) {
      const { numDeletedRows } = await db.deleteFrom('api_tokens').where('id', '=', id).executeTakeFirst()
      return numDeletedRows > 0n
    },
  }
}

const toToken = (row: Selectable<Tables['api_tokens']>): TokenRow => ({
  id: row.id,
  name: row.name,
  role: row.role,
  serviceId: row.service_id,
  createdBy: row.created_by,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  lastUsedAt: row.last_used_at,
})
