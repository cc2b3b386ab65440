import { sql } from 'kysely'
import type { Kysely, Transaction } from 'kysely'
import type { SealedVariable, VariableStore } from '../../../ports/store.ts'
import type { Tables } from './tables.ts'

export const variableStore = (db: Kysely<Tables>): VariableStore => ({
  async list(serviceId, environment) {
    const rows = await all(db, serviceId, environment)
    return rows.map(({ name, sealed, secret, updated_at }) => ({
      name,
      sealed,
      secret,
      updatedAt: updated_at,
    }))
  },

  put: (serviceId, environment, variable) =>
    db.transaction().execute(async (trx) => {
      await lock(trx, serviceId, environment)
      await set(trx, serviceId, environment, [variable])
    }),

  replace: (serviceId, environment, variables) =>
    db.transaction().execute(async (trx) => {
      await lock(trx, serviceId, environment)
      const names = new Set(variables.map(({ name }) => name))
      const gone = (await all(trx, serviceId, environment)).filter(({ name }) => !names.has(name))
      await remove(
        trx,
        serviceId,
        environment,
        gone.map(({ name }) => name),
      )
      await set(trx, serviceId, environment, variables)
    }),

  remove: (serviceId, environment, name) =>
    db.transaction().execute(async (trx) => {
      await lock(trx, serviceId, environment)
      return (await remove(trx, serviceId, environment, [name])) > 0
    }),

  change: (serviceId, environment, { set: wanted, remove: names, most }) =>
    db.transaction().execute(async (trx) => {
      await lock(trx, serviceId, environment)
      const there = (await all(trx, serviceId, environment)).map(({ name }) => name)
      const left = new Set([...there, ...wanted.map(({ name }) => name)])
      for (const name of names) left.delete(name)
      if (left.size > most) return false
      await set(trx, serviceId, environment, wanted)
      await remove(trx, serviceId, environment, names)
      return true
    }),

  async history(serviceId, environment, { name, before, limit }) {
    let query = db
      .selectFrom('variable_changes')
      .select(['id', 'name', 'change', 'secret', 'version', 'at'])
      .where('service_id', '=', serviceId)
      .where('environment', '=', environment)
    if (name !== undefined) query = query.where('name', '=', name)
    if (before !== undefined) query = query.where('id', '<', before)
    return query.orderBy('id', 'desc').limit(limit).execute()
  },
})

/** Two that change variables at once would each not see what the other does. */
async function lock(trx: Transaction<Tables>, serviceId: string, environment: string): Promise<void> {
  await trx
    .selectFrom('environments')
    .select('environment')
    .where('service_id', '=', serviceId)
    .where('environment', '=', environment)
    .forNoKeyUpdate()
    .execute()
}

const all = (db: Kysely<Tables>, serviceId: string, environment: string) =>
  db
    .selectFrom('variables')
    .selectAll()
    .where('service_id', '=', serviceId)
    .where('environment', '=', environment)
    .orderBy('name')
    .execute()

/** What is sealed in the same way has not changed. */
async function set(
  trx: Transaction<Tables>,
  serviceId: string,
  environment: string,
  variables: SealedVariable[],
): Promise<void> {
  const there = new Map((await all(trx, serviceId, environment)).map((one) => [one.name, one]))
  const changed = variables.filter(({ name, sealed, secret }) => {
    const before = there.get(name)
    return before?.sealed !== sealed || before.secret !== secret
  })
  if (changed.length === 0) return
  await trx
    .insertInto('variables')
    .values(changed.map((variable) => columns(serviceId, environment, variable)))
    .onConflict((conflict) =>
      conflict.columns(['service_id', 'environment', 'name']).doUpdateSet((eb) => ({
        sealed: eb.ref('excluded.sealed'),
        secret: eb.ref('excluded.secret'),
        updated_at: sql`now()`,
      })),
    )
    .execute()
  await note(trx, serviceId, environment, 'set', changed)
}

async function remove(
  trx: Transaction<Tables>,
  serviceId: string,
  environment: string,
  names: string[],
): Promise<number> {
  if (names.length === 0) return 0
  const gone = await trx
    .deleteFrom('variables')
    .where('service_id', '=', serviceId)
    .where('environment', '=', environment)
    .where('name', 'in', names)
    .returning(['name', 'secret'])
    .execute()
  await note(trx, serviceId, environment, 'removed', gone)
  return gone.length
}

async function note(
  trx: Transaction<Tables>,
  serviceId: string,
  environment: string,
  change: 'set' | 'removed',
  variables: Pick<SealedVariable, 'name' | 'secret'>[],
): Promise<void> {
  if (variables.length === 0) return
  const names = variables.map(({ name }) => name)
  await sql`
    insert into variable_changes (service_id, environment, name, change, secret, version)
    select ${serviceId}, ${environment}, changed.name, ${change}, changed.secret, 1 + coalesce((
      select max(version) from variable_changes v
      where v.service_id = ${serviceId} and v.environment = ${environment} and v.name = changed.name), 0)
    from unnest(${names}::text[], ${variables.map(({ secret }) => secret)}::boolean[]) as changed (name, secret)
    order by changed.name`.execute(trx)
}

const columns = (serviceId: string, environment: string, { name, sealed, secret }: SealedVariable) => ({
  service_id: serviceId,
  environment,
  name,
  sealed,
  secret,
})
