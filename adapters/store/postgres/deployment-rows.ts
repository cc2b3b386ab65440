import { sql } from 'kysely'
import type { Kysely, Selectable } from 'kysely'
import type { Deployment, Step } from '../../../contract/deployment.ts'
import type { DeploymentsTable, StepsTable, Tables } from './tables.ts'

/** Where the web UI of Temporal shows a workflow. */
export interface TemporalUi {
  url: string
  namespace: string
}

/** Deployments as the API shows them, all but their steps; a query to add conditions to. */
export const selectDeployments = (db: Kysely<Tables>) =>
  db
    .selectFrom('deployments as d')
    .innerJoin('environments as e', (join) =>
      join.onRef('e.service_id', '=', 'd.service_id').onRef('e.environment', '=', 'd.environment'),
    )
    .select([
      'd.id',
      'd.created_seq',
      'd.number',
      'd.service_id',
      'd.environment',
      'd.status',
      'd.trigger',
      'd.ref',
      'd.commit_sha',
      'd.commit_message',
      'd.repo_full_name',
      'd.service_url',
      'd.release_id',
      'd.failure',
      'd.compensation',
      'd.cancel_by',
      'd.cancel_reason',
      'd.cancel_at',
      'd.migration_resolved',
      'd.migration_resolved_by',
      'd.migration_resolved_at',
      'd.rollback_of',
      'd.retry_of',
      'd.superseded_by',
      'd.archived_at',
      'd.workflow_id',
      'd.run_id',
      'd.queued_at',
      'd.started_at',
      'd.finished_at',
    ])
    .select([
      sql<boolean>`d.number is not distinct from e.live_number`.as('live'),
      sql<number | null>`case when d.status = 'QUEUED' then 1 + (
        select count(*) from deployments q
        where q.service_id = d.service_id and q.environment = d.environment
          and q.status = 'QUEUED' and q.number < d.number) end`.as('queue_position'),
    ])

type Row = Awaited<ReturnType<ReturnType<typeof selectDeployments>['execute']>>[number]

/** Adds the steps. Keeps the order. */
export async function toDeployments(
  db: Kysely<Tables>,
  ui: TemporalUi | undefined,
  rows: Row[],
): Promise<Deployment[]> {
  if (rows.length === 0) return []
  const steps = await db
    .selectFrom('deployment_steps')
    .selectAll()
    .where(
      'deployment_id',
      'in',
      rows.map((row) => row.id),
    )
    .orderBy('deployment_id')
    .orderBy('position')
    .execute()
  const byDeployment = Map.groupBy(steps, (step) => step.deployment_id)
  return rows.map((row) => toDeployment(row, byDeployment.get(row.id) ?? [], ui))
}

const toDeployment = (row: Row, steps: Selectable<StepsTable>[], ui: TemporalUi | undefined): Deployment => ({
  id: row.id,
  number: row.number,
  serviceId: row.service_id,
  environment: row.environment,
  status: row.status,
  trigger: row.trigger,
  ref: row.ref,
  commitSha: row.commit_sha,
  commitMessage: row.commit_message,
  repoFullName: row.repo_full_name,
  stackId: null,
  serviceUrl: row.service_url,
  actionsRunUrl: null,
  releaseId: row.release_id,
  live: row.live,
  steps: steps.map(toStep),
  failure: row.failure,
  compensation: row.compensation,
  cancelRequested:
    row.cancel_at === null
      ? null
      : { by: row.cancel_by ?? '', reason: row.cancel_reason, at: row.cancel_at.toISOString() },
  migrationResolved: resolutionOf(row),
  rollbackOf: row.rollback_of,
  retryOf: row.retry_of,
  supersededBy: row.superseded_by,
  archivedAt: isoOrNull(row.archived_at),
  workflowId: row.workflow_id,
  runId: row.run_id,
  temporalUrl: temporalUrl(ui, row.workflow_id, row.run_id),
  queuePosition: row.queue_position,
  queuedAt: row.queued_at.toISOString(),
  startedAt: isoOrNull(row.started_at),
  finishedAt: isoOrNull(row.finished_at),
})

/** From the columns of a deployment; null while nobody has answered. */
export function resolutionOf(
  row: Pick<
    Selectable<DeploymentsTable>,
    'migration_resolved' | 'migration_resolved_by' | 'migration_resolved_at'
  >,
): Deployment['migrationResolved'] {
  const { migration_resolved: answer, migration_resolved_by: by, migration_resolved_at: at } = row
  return answer && { answer, by: by ?? '', at: at!.toISOString() }
}

const toStep = (row: Selectable<StepsTable>): Step => ({
  name: row.name,
  status: row.status,
  attempt: row.attempt,
  detail: row.detail,
  startedAt: isoOrNull(row.started_at),
  finishedAt: isoOrNull(row.finished_at),
  lastFailure: row.last_failure,
  nextAttemptAt: isoOrNull(row.next_attempt_at),
})

function temporalUrl(ui: TemporalUi | undefined, workflowId: string, runId: string | null): string | null {
  if (!ui || runId === null) return null
  const base = ui.url.replace(/\/+$/, '')
  return `${base}/namespaces/${encodeURIComponent(ui.namespace)}/workflows/${encodeURIComponent(workflowId)}/${runId}`
}

const isoOrNull = (date: Date | null): string | null => date?.toISOString() ?? null
