import type { Kysely } from 'kysely'
import type { PushStore } from '../../../ports/store.ts'
import type { Tables } from './tables.ts'

export const pushStore = (db: Kysely<Tables>): PushStore => ({
  async note(pushes) {
    if (pushes.length === 0) return
    const rows = pushes.map(({ id, serviceId, environment, branch, commitSha }) => ({
      ...{ id, environment, branch },
      ...{ service_id: serviceId, commit_sha: commitSha },
    }))
    await db.insertInto('pushes').values(rows).execute()
  },

  async settle(id) {
    await db.deleteFrom('pushes').where('id', '=', id).execute()
  },

  async pending() {
    const rows = await db.selectFrom('pushes').selectAll().orderBy('pushed_at', 'desc').execute()
    return rows.map((row) => ({
      ...{ id: row.id, environment: row.environment, branch: row.branch },
      ...{ serviceId: row.service_id, commitSha: row.commit_sha, pushedAt: row.pushed_at },
    }))
  },
})
