import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type { SealedVariable, VariableStore } from '../../../ports/store.ts'
import type { Tables } from './tables.ts'

export const variableStore = (db: Kysely<Tables>): VariableStore => ({
  async list(serviceId, environment) {
    const rows = await db
      .selectFrom('variables')
      .selectAll()
      .where('service_id', '=', serviceId)
      .where('environment', '=', environment)
      .orderBy('name')
      .execute()
    return rows.map(({ name, sealed, secret, updated_at }) => ({
      name,
      sealed,
      secret,
      updatedAt: updated_at,
    }))
  },

  async put(serviceId, environment, variable) {
    await db
      .insertInto('variables')
      .values(columns(serviceId, environment, variable))
      .onConflict((conflict) =>
        conflict
          .columns(['service_id', 'environment', 'name'])
          .doUpdateSet({ sealed: variable.sealed, secret: variable.secret, updated_at: sql`now()` }),
      )
      .execute()
  },

  replace: (serviceId, environment, variables) =>
    db.transaction().execute(async (trx) => {
      // Two that replace at once would each insert what the other's delete did not see.
      await trx
        .selectFrom('environments')
        .select('environment')
        .where('service_id', '=', serviceId)
        .where('environment', '=', environment)
        .forNoKeyUpdate()
        .execute()
      await trx
        .deleteFrom('variables')
        .where('service_id', '=', serviceId)
        .where('environment', '=', environment)
        .execute()
      if (variables.length === 0) return
      await trx
        .insertInto('variables')
        .values(variables.map((variable) => columns(serviceId, environment, variable)))
        .execute()
    }),

  async remove(serviceId, environment, name) {
    const { numDeletedRows } = await db
      .deleteFrom('variables')
      .where('service_id', '=', serviceId)
      .where('environment', '=', environment)
      .where('name', '=', name)
      .executeTakeFirst()
    return numDeletedRows > 0n
  },
})

const columns = (serviceId: string, environment: string, { name, sealed, secret }: SealedVariable) => ({
  service_id: serviceId,
  environment,
  name,
  sealed,
  secret,
})
