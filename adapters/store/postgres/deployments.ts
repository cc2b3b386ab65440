import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import { finalStatuses, underWayStatuses } from '../../../contract/vocabulary.ts'
import type { DeploymentStore } from '../../../ports/store.ts'
import { selectDeployments, toDeployments } from './deployment-rows.ts'
import type { TemporalUi } from './deployment-rows.ts'
import { archiveAll, archiveEnded } from './archiving.ts'
import { addEvent, readEvents } from './events.ts'
import { finishDeployment } from './finish.ts'
import { listDeployments } from './listing.ts'
import { markLive, unmarkLive } from './live.ts'
import { lastMigration, resolveMigration } from './migration-answers.ts'
import { whileOpen } from './open-deployment.ts'
import { recordQueued } from './queued.ts'
import { startDeployment } from './start.ts'
import { endStep, retryStep, startStep } from './steps.ts'
import { storable, storableJson, storableOrNull } from './storable.ts'
import type { Tables } from './tables.ts'
import { notify } from './watch.ts'

export const deploymentStore = (db: Kysely<Tables>, ui: TemporalUi | undefined): DeploymentStore => {
  const find = async (id: string) =>
    (await toDeployments(db, ui, await selectDeployments(db).where('d.id', '=', id).execute()))[0]

  return {
    find,
    async status(id) {
      const row = await db.selectFrom('deployments').select('status').where('id', '=', id).executeTakeFirst()
      return row?.status ?? null
    },
    list: (filter) => listDeployments(db, ui, filter),
    recordQueued: (deployment) => recordQueued(db, deployment),

    started: (id, run) => startDeployment(db, id, run),
    stepStarted: (id, step, attempt) => startStep(db, id, step, attempt),
    attemptFailed: (id, step, failed) => retryStep(db, id, step, failed),
    stepFinished: (id, step, result) => endStep(db, id, step, result),

    markLive: (release, detail) => markLive(db, release, detail),
    unmarkLive: (release, previous) => unmarkLive(db, release, previous),

    approval: (id, { waiting, detail }) =>
      whileOpen(db, id, async (trx, open) => {
        const status = waiting ? 'WAITING_APPROVAL' : 'RUNNING'
        if (open.status === status) return
        await trx.updateTable('deployments').set({ status }).where('id', '=', id).execute()
        await addEvent(trx, id, { type: 'approval', status, detail })
      }),

    async answerApproval(id, answer) {
      const given = storableJson({ ...answer, at: new Date() })
      const answered = await db
        .updateTable('deployments')
        .set({ approval: sql`coalesce(approval, ${given}::jsonb)` })
        .where('id', '=', id)
        .where('status', '=', 'WAITING_APPROVAL')
        .returning('approval')
        .executeTakeFirst()
      return answered?.approval ?? undefined
    },

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

    async cancelRefused(id) {
      await db
        .updateTable('deployments')
        .set({ cancel_by: null, cancel_reason: null, cancel_at: null })
        .where('id', '=', id)
        .execute()
    },

    finish: (id, outcome) => whileOpen(db, id, (trx, open) => finishDeployment(trx, open, outcome)),

    async counts() {
      const rows = await db
        .selectFrom('deployments')
        .select(['status', (eb) => eb.fn.countAll<number>().as('count')])
        .groupBy('status')
        .execute()
      return Object.fromEntries(rows.map(({ status, count }) => [status, count]))
    },
    lastMigration: (serviceId, environment, before) => lastMigration(db, serviceId, environment, before),
    resolveMigration: (id, answer) => resolveMigration(db, id, answer),

    async statuses(ids) {
      if (ids.length === 0) return []
      return db
        .selectFrom('deployments')
        .select(['id', 'status', 'superseded_by as supersededBy'])
        .where('id', 'in', ids)
        .execute()
    },

    async unfinished() {
      const rows = await selectDeployments(db)
        .where('d.status', 'in', ['QUEUED', ...underWayStatuses])
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

    archiveAll: (ids, archived) => archiveAll(db, ids, archived),
    archiveEnded: (before) => archiveEnded(db, before),

    events: (id, afterSeq, limit) => readEvents(db, id, afterSeq, limit),
  }
}
