import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import { finalStatuses } from '../../../contract/vocabulary.ts'
import type { DeploymentStore } from '../../../ports/store.ts'
import { selectDeployments, toDeployments } from './deployment-rows.ts'
import type { TemporalUi } from './deployment-rows.ts'
import { addEvent, readEvents } from './events.ts'
import { finishDeployment } from './finish.ts'
import { listDeployments } from './listing.ts'
import { markLive, unmarkLive } from './live.ts'
import { whileOpen } from './open-deployment.ts'
import { recordQueued } from './queued.ts'
import { endStep, startStep } from './steps.ts'
import { storable, storableJson, storableOrNull } from './storable.ts'
import type { Tables } from './tables.ts'
import { notify } from './watch.ts'

export const deploymentStore = (db: Kysely<Tables>, ui: TemporalUi | undefined): DeploymentStore => {
  const find = async (id: string) =>
    (await toDeployments(db, ui, await selectDeployments(db).where('d.id', '=', id).execute()))[0]

  return {
    find,
    list: (filter) => listDeployments(db, ui, filter),
    recordQueued: (deployment) => recordQueued(db, deployment),

    started: (id, { runId, at }) =>
      whileOpen(db, id, async (trx, open) => {
        if (open.run_id === runId) return
        await trx
          .updateTable('deployments')
          .set({
            status: 'RUNNING',
            run_id: runId,
            started_at: sql`coalesce(started_at, ${at}::timestamptz)`,
          })
          .where('id', '=', id)
          .execute()
        if (open.status === 'QUEUED') await addEvent(trx, id, { type: 'started', status: 'RUNNING' })
        else await notify(trx, id)
      }),

    stepStarted: (id, step, attempt) => whileOpen(db, id, (trx) => startStep(trx, id, step, attempt)),
    stepFinished: (id, step, result) => whileOpen(db, id, (trx) => endStep(trx, id, step, result)),

    setCommit: (id, { sha, message }) =>
      setColumns(db, id, { commit_sha: sha, commit_message: storable(message) }),
    setPlan: (id, plan) => setColumns(db, id, { plan: storableJson(plan) }),

    async planOf(id) {
      const row = await db.selectFrom('deployments').select('plan').where('id', '=', id).executeTakeFirst()
      return row?.plan ?? undefined
    },

    markLive: (release) => markLive(db, release),
    unmarkLive: (release, previous) => unmarkLive(db, release, previous),

    cancelRequested: (id, { by, reason }) =>
      whileOpen(db, id, async (trx, open) => {
        if (open.cancel_at !== null) return
        await trx
          .updateTable('deployments')
          .set({ cancel_by: storable(by), cancel_reason: storableOrNull(reason), cancel_at: sql`now()` })
          .where('id', '=', id)
          .execute()
        await addEvent(trx, id, { type: 'cancelRequested', status: open.status, detail: reason })
      }),

    finish: (id, outcome) => whileOpen(db, id, (trx, open) => finishDeployment(trx, open, outcome)),

    async unfinished() {
      const rows = await selectDeployments(db)
        .where('d.status', 'in', ['QUEUED', 'RUNNING'])
        .orderBy('d.created_seq')
        .execute()
      return toDeployments(db, ui, rows)
    },

    async archive(id, archived) {
      const changed = await db
        .updateTable('deployments')
        .set({ archived_at: archived ? sql`coalesce(archived_at, now())` : null })
        .where('id', '=', id)
        .where('status', 'in', [...finalStatuses])
        .returning('id')
        .executeTakeFirst()
      if (changed) await notify(db, id)
      const deployment = await find(id)
      return deployment && (changed ? deployment : false)
    },

    events: (id, afterSeq, limit) => readEvents(db, id, afterSeq, limit),
  }
}

const setColumns = (
  db: Kysely<Tables>,
  id: string,
  set: { commit_sha: string; commit_message: string } | { plan: string },
): Promise<void> =>
  whileOpen(db, id, async (trx) => {
    await trx.updateTable('deployments').set(set).where('id', '=', id).execute()
    await notify(trx, id)
  })
