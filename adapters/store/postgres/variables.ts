import { sql } from 'kysely'
import type { Kysely, Transaction } from 'kysely'
import { wholeService } from '../../../contract/names.ts'
import type { SealedVariable, VariableStore } from '../../../ports/store.ts'
import type { Tables } from './tables.ts'

export const variableStore = (db: Kysely<Tables>): VariableStore => ({
  async effective(serviceId, environment) {
    const { rows } = await inherited(serviceId, environment).execute(db)
    return rows.map(({ name, sealed, secret, updated_at, origin }) => ({
      ...{ name, sealed, secret, updatedAt: updated_at },
      ...(origin === environment ? {} : { from: origin }),
    }))
  },

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

interface EffectiveRow {
  name: string
  sealed: string
  secret: boolean
  updated_at: Date
  origin: string
}

/** Its own before those of the environment that it inherits from, and these before the service's. */
const inherited = (serviceId: string, environment: string) => sql<EffectiveRow>`
  select distinct on (v.name) v.name, v.sealed, v.secret, v.updated_at, v.environment as origin
  from environments e join variables v on v.service_id = e.service_id
  where e.service_id = ${serviceId} and e.environment = ${environment}
    and (v.environment = e.environment
      or (v.environment in (${wholeService}, e.inherits_from) and (e.inherits_secrets or not v.secret)))
  order by v.name, v.environment = e.environment desc, v.environment = ${wholeService}`

/** Two that change variables at once would each not see what the other does. */
async function lock(trx: Transaction<Tables>, serviceId: string, environment: string): Promise<void> {
  if (environment === wholeService) {
    await trx
      .selectFrom('services')
      .select('service_id')
      .where('service_id', '=', serviceId)
      .forNoKeyUpdate()
      .execute()
    return
  }
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
