import { sql } from 'kysely'
import type { Kysely, Transaction } from 'kysely'
import { deploymentId, routeHost } from '../../../contract/names.ts'
import { Taken } from '../../../ports/store.ts'
import type { EnvironmentRow, EnvironmentStore } from '../../../ports/store.ts'
import { storable, storableJson } from './storable.ts'
import type { Tables } from './tables.ts'

type Put = Parameters<EnvironmentStore['put']>[0]

export const environmentStore = (db: Kysely<Tables>): EnvironmentStore => ({
  put: (put) =>
    db.transaction().execute(async (trx) => {
      const created = await upsert(trx, put)
      await claimHosts(trx, put)
      const row = await select(trx)
        .where('e.service_id', '=', put.serviceId)
        .where('e.environment', '=', put.environment)
        .executeTakeFirstOrThrow()
      return { row: toEnvironment(row), created }
    }),

  async find(serviceId, environment) {
    const row = await select(db)
      .where('e.service_id', '=', serviceId)
      .where('e.environment', '=', environment)
      .executeTakeFirst()
    return row && toEnvironment(row)
  },

  async list(serviceId) {
    const rows = await select(db)
      .$if(serviceId !== undefined, (query) => query.where('e.service_id', '=', serviceId!))
      .orderBy('e.service_id')
      .orderBy('e.environment')
      .execute()
    return rows.map(toEnvironment)
  },

  async remove(serviceId, environment) {
    const { numDeletedRows } = await db
      .deleteFrom('environments')
      .where('service_id', '=', serviceId)
      .where('environment', '=', environment)
      .executeTakeFirst()
    return numDeletedRows > 0n
  },

  async hold(serviceId, environment, hold) {
    const { numUpdatedRows } = await db
      .updateTable('environments')
      .set({
        hold_reason: hold && storable(hold.reason),
        hold_by: hold && storable(hold.by),
        hold_at: hold && sql`now()`,
      })
      .where('service_id', '=', serviceId)
      .where('environment', '=', environment)
      .executeTakeFirst()
    return numUpdatedRows > 0n
  },

  async seenCommit(serviceId, environment) {
    const row = await db
      .selectFrom('environments')
      .select('seen_commit')
      .where('service_id', '=', serviceId)
      .where('environment', '=', environment)
      .executeTakeFirst()
    return row?.seen_commit ?? null
  },

  async noteCommit(serviceId, environment, commitSha) {
    await db
      .updateTable('environments')
      .set({ seen_commit: commitSha })
      .where('service_id', '=', serviceId)
      .where('environment', '=', environment)
      .execute()
  },

  async lastNumber(serviceId, environment) {
    const row = await db
      .selectFrom('deployment_numbers')
      .select('last_number')
      .where('service_id', '=', serviceId)
      .where('environment', '=', environment)
      .executeTakeFirst()
    return row?.last_number ?? 0
  },
})

async function upsert(trx: Transaction<Tables>, put: Put): Promise<boolean> {
  const changeable = {
    branch: put.branch,
    domains: put.domains,
    auto_deploy: put.autoDeploy,
    config: storableJson(put.config),
    host: put.host,
    queue_policy: put.queue ?? null,
    approval_ms: put.approvalTimeout ?? null,
    freezes: storableJson(put.freezes ?? []),
    ...(put.preview && {
      is_preview: true,
      inherits_from: put.preview.variablesFrom,
      inherits_secrets: put.preview.secrets,
    }),
  }
  const row = await trx
    .insertInto('environments')
    .values({ service_id: put.serviceId, environment: put.environment, ...changeable })
    .onConflict((conflict) => {
      const update = conflict.columns(['service_id', 'environment']).doUpdateSet(changeable)
      // A preview never takes the place of an environment that somebody has made.
      return put.preview ? update.where('environments.is_preview', '=', true) : update
    })
    // xmax is 0 only in a row that nobody has updated.
    .returning(sql<boolean>`xmax = 0`.as('created'))
    .executeTakeFirst()
  if (!row) throw new Taken(`There is an environment ${put.environment} that is no preview`)
  return row.created
}

/** The default host name is claimed too: `a-b` in production and `a` in `b` would both answer to a-b.localhost. */
async function claimHosts(trx: Transaction<Tables>, { serviceId, environment, domains }: Put): Promise<void> {
  // Sorted, so that two that claim the same names at once cannot wait for each other.
  const hosts = [...new Set([routeHost(serviceId, environment), ...domains])].toSorted()
  await trx
    .deleteFrom('environment_hosts')
    .where('service_id', '=', serviceId)
    .where('environment', '=', environment)
    .execute()
  const claimed = await trx
    .insertInto('environment_hosts')
    .values(hosts.map((host) => ({ host, service_id: serviceId, environment })))
    .onConflict((conflict) => conflict.column('host').doNothing())
    .returning('host')
    .execute()
  if (claimed.length === hosts.length) return
  const taken = await trx.selectFrom('environment_hosts').selectAll().where('host', 'in', hosts).execute()
  const others = taken.filter((row) => row.service_id !== serviceId || row.environment !== environment)
  throw new Taken(
    others.map((row) => `${row.host} belongs to ${row.service_id}/${row.environment}`).join(', '),
  )
}

const select = (db: Kysely<Tables>) =>
  db
    .selectFrom('environments as e')
    .leftJoin('deployments as live', (join) =>
      join
        .onRef('live.service_id', '=', 'e.service_id')
        .onRef('live.environment', '=', 'e.environment')
        .onRef('live.number', '=', 'e.live_number'),
    )
    .selectAll('e')
    .select([
      'live.release_id as live_release_id',
      'live.commit_sha as live_commit_sha',
      'live.live_at as live_since',
    ])

type Selected = Awaited<ReturnType<ReturnType<typeof select>['executeTakeFirstOrThrow']>>

const toEnvironment = (row: Selected): EnvironmentRow => ({
  serviceId: row.service_id,
  environment: row.environment,
  branch: row.branch,
  domains: row.domains,
  autoDeploy: row.auto_deploy,
  config: row.config,
  host: row.host,
  queue: row.queue_policy,
  approvalTimeout: row.approval_ms,
  freezes: row.freezes,
  preview: row.is_preview ? { variablesFrom: row.inherits_from, secrets: row.inherits_secrets } : null,
  hold:
    row.hold_reason === null ? null : { reason: row.hold_reason, by: row.hold_by ?? '', since: row.hold_at! },
  live: liveOf(row),
  createdAt: row.created_at,
})

function liveOf(row: Selected): EnvironmentRow['live'] {
  if (row.live_number === null || row.live_release_id === null || row.live_since === null) return null
  return {
    deploymentId: deploymentId(row.service_id, row.environment, row.live_number),
    number: row.live_number,
    releaseId: row.live_release_id,
    commitSha: row.live_commit_sha,
    since: row.live_since,
  }
}
