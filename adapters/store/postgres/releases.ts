import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type { ReleaseStore } from '../../../ports/store.ts'
import { isOrphan } from './errors.ts'
import { openDeployment } from './open-deployment.ts'
import { storable, storableJson } from './storable.ts'
import type { Tables } from './tables.ts'
import { notifying } from './watch.ts'

export const releaseStore = (db: Kysely<Tables>): ReleaseStore => ({
  async record(release) {
    try {
      await recordRelease(db, release)
    } catch (error) {
      // Its environment was deleted meanwhile.
      if (!isOrphan(error)) throw error
    }
  },

  async find(releaseId, deploymentId) {
    const row = await db
      .selectFrom('releases as r')
      .leftJoin('deployment_variables as own', (join) =>
        join.on('own.deployment_id', '=', deploymentId ?? ''),
      )
      .selectAll('r')
      .select('own.sealed_variables as own_variables')
      .where('r.release_id', '=', releaseId)
      .executeTakeFirst()
    return (
      row && {
        releaseId: row.release_id,
        deploymentId: row.deployment_id,
        number: row.number,
        commitSha: row.commit_sha,
        plan: row.plan,
        sealedVariables: row.own_variables ?? row.sealed_variables,
        own: row.own_variables !== null,
        kept: row.kept,
      }
    )
  },

  async runsWith(deploymentId, sealedVariables) {
    try {
      await db
        .insertInto('deployment_variables')
        .values({ deployment_id: deploymentId, sealed_variables: JSON.stringify(sealedVariables) })
        .onConflict((conflict) => conflict.column('deployment_id').doNothing())
        .execute()
    } catch (error) {
      // Its environment was deleted meanwhile.
      if (!isOrphan(error)) throw error
    }
  },

  async list(serviceId, environment) {
    const rows = await db
      .selectFrom('releases as r')
      .select(['r.release_id', 'r.deployment_id', 'r.commit_sha', 'r.kept', 'r.created_at'])
      .select(
        sql<boolean>`exists (
          select from environments e join deployments d
            on d.service_id = e.service_id and d.environment = e.environment and d.number = e.live_number
          where e.service_id = r.service_id and e.environment = r.environment
            and d.release_id = r.release_id)`.as('live'),
      )
      .where('r.service_id', '=', serviceId)
      .where('r.environment', '=', environment)
      .orderBy('r.number', 'desc')
      .execute()
    return rows.map((row) => ({
      releaseId: row.release_id,
      deploymentId: row.deployment_id,
      commitSha: row.commit_sha,
      live: row.live,
      kept: row.kept,
      createdAt: row.created_at.toISOString(),
    }))
  },

  async planned(releaseId, plan) {
    await db
      .updateTable('releases')
      .set({ plan: storableJson(plan) })
      .where('release_id', '=', releaseId)
      .execute()
  },

  async gone(releaseIds) {
    if (releaseIds.length === 0) return
    await db.updateTable('releases').set({ kept: false }).where('release_id', 'in', releaseIds).execute()
  },
})

async function recordRelease(
  db: Kysely<Tables>,
  release: Parameters<ReleaseStore['record']>[0],
): Promise<void> {
  const made = db
    .insertInto('releases')
    .values({
      release_id: release.releaseId,
      deployment_id: release.deploymentId,
      service_id: release.serviceId,
      environment: release.environment,
      number: release.number,
      commit_sha: release.commitSha,
      plan: storableJson(release.plan),
      sealed_variables: JSON.stringify(release.sealedVariables),
    })
    .onConflict((conflict) => conflict.column('release_id').doNothing())
  await sql`
    with made as (${made}),
    open as (${openDeployment(release.deploymentId)}),
    changed as (
      update deployments set release_id = ${release.releaseId}, commit_sha = ${release.commitSha},
        commit_message = ${storable(release.commitMessage)}
      from open where deployments.id = open.id
    )
    ${notifying(sql`select ${release.deploymentId}`)}`.execute(db)
}
