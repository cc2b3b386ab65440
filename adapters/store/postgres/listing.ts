import type { Kysely } from 'kysely'
import type { Deployment } from '../../../contract/deployment.ts'
import type { DeploymentFilter } from '../../../ports/store.ts'
import { cursorOf } from './cursor.ts'
import { selectDeployments, toDeployments } from './deployment-rows.ts'
import type { TemporalUi } from './deployment-rows.ts'
import type { Tables } from './tables.ts'

const cursors = cursorOf('d')

/** By keys, not by offset: the last of 100,000 pages is as quick as the first, and new deployments shift nothing. */
export async function listDeployments(
  db: Kysely<Tables>,
  ui: TemporalUi | undefined,
  filter: DeploymentFilter,
): Promise<{ data: Deployment[]; nextCursor: string | null }> {
  let query = selectDeployments(db)
  if (filter.serviceId !== undefined) query = query.where('d.service_id', '=', filter.serviceId)
  if (filter.environment !== undefined) query = query.where('d.environment', '=', filter.environment)
  if (filter.status !== undefined) query = query.where('d.status', '=', filter.status)
  if (filter.trigger !== undefined) query = query.where('d.trigger', '=', filter.trigger)
  if (filter.commit !== undefined) query = query.where('d.commit_sha', 'like', `${filter.commit}%`)
  if (filter.since !== undefined) query = query.where('d.queued_at', '>=', filter.since)
  if (filter.until !== undefined) query = query.where('d.queued_at', '<', filter.until)
  if (!filter.includeArchived) query = query.where('d.archived_at', 'is', null)
  if (filter.cursor !== undefined) query = query.where('d.created_seq', '<', cursors.read(filter.cursor))
  const rows = await query
    .orderBy('d.created_seq', 'desc')
    .limit(filter.limit + 1)
    .execute()
  const page = rows.slice(0, filter.limit)
  const last = page.at(-1)
  return {
    data: await toDeployments(db, ui, page),
    nextCursor: last && rows.length > page.length ? cursors.write(last.created_seq) : null,
  }
}
