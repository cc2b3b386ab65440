import { defaults } from '../contract/defaults.ts'
import type { Deployment } from '../contract/deployment.ts'
import { parseReleaseNumber } from '../contract/names.ts'
import { queuePolicyFor } from '../contract/queue-policy.ts'
import { takesRelease, underWayStatuses } from '../contract/vocabulary.ts'
import type { LaneState, QueuedDeployment } from '../contract/workflows.ts'
import type { EnvironmentRow, Store } from '../ports/store.ts'

/**
 * What the store knows of a lane that starts from nothing: the first of its environment, or one whose workflow
 * was terminated or lost. What ran is awaited (and settled if it is gone), what waited waits again.
 */
export const recoverLane =
  ({ store }: { store: Store }) =>
  async ({ serviceId, environment }: { serviceId: string; environment: string }): Promise<LaneState> => {
    const lastNumber = await store.environments.lastNumber(serviceId, environment)
    const row = await store.environments.find(serviceId, environment)
    const unfinished = (await store.deployments.unfinished()).filter(
      (one) => one.serviceId === serviceId && one.environment === environment,
    )
    // A cancel that came while there was no lane to hear it.
    const canceled = unfinished.filter((one) => one.status === 'QUEUED' && one.cancelRequested)
    for (const { id } of canceled) {
      await store.deployments.finish(id, {
        status: 'CANCELED',
        compensation: 'NONE',
        failure: null,
        step: null,
      })
    }
    const left = unfinished.filter((one) => !canceled.includes(one))
    const known = left.map((one) => queuedFrom(one, row))
    const running = known.find((_, at) => underWayStatuses.includes(left[at]!.status)) ?? null
    return { lastNumber, waiting: known.filter((one) => one !== running), running, recent: [] }
  }

function queuedFrom(row: Deployment, environment: EnvironmentRow | undefined): QueuedDeployment {
  return {
    requestId: row.id,
    deploymentId: row.id,
    serviceId: row.serviceId,
    environment: row.environment,
    number: row.number,
    releaseNumber:
      (takesRelease(row.trigger) && row.releaseId && parseReleaseNumber(row.releaseId)) || row.number,
    host: environment?.host ?? 'local',
    trigger: row.trigger,
    ref: row.ref,
    ...(row.commitSha ? { commitSha: row.commitSha } : {}),
    ...(row.retryOf ? { retryOf: row.retryOf } : {}),
    ...(row.rollbackOf ? { rollbackOf: row.rollbackOf } : {}),
    requestedBy: 'recovery',
    repoFullName: row.repoFullName,
    serviceUrl: row.serviceUrl ?? '',
    queuedAt: row.queuedAt,
    timings: { deployTimeout: defaults.deployTimeout + (environment?.approvalTimeout ?? 0) },
    queue: queuePolicyFor(environment?.queue ?? null, row.trigger),
    ...(environment?.approvalTimeout ? { approvalTimeout: environment.approvalTimeout } : {}),
  }
}
