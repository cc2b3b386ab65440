import { deployWorkflowId, releaseId } from '../contract/names.ts'
import type { DeployInput, Outcome } from '../contract/workflows.ts'
import type { NewDeployment, Store } from '../ports/store.ts'

/** Ends a deployment in the store. Safe to repeat: one that has ended is left as it is. */
export const recordOutcome =
  ({ store }: { store: Store }) =>
  async ({ release, status, compensation, failure, step }: Outcome): Promise<void> => {
    await store.deployments.finish(release.deploymentId, { status, compensation, failure, step })
  }

/** Writes a deployment that waits, in case the API that accepted it could not. */
export const recordQueued =
  ({ store }: { store: Store }) =>
  async (input: DeployInput): Promise<void> => {
    await store.deployments.recordQueued(queuedRow(input))
  }

/** A deployment that was canceled before its turn came. */
export const recordCanceledInQueue =
  ({ store }: { store: Store }) =>
  async (input: DeployInput): Promise<void> => {
    await store.deployments.recordQueued(queuedRow(input))
    await store.deployments.finish(input.deploymentId, {
      status: 'CANCELED',
      compensation: 'NONE',
      failure: null,
      step: null,
    })
  }

export function queuedRow(input: DeployInput): NewDeployment {
  const { serviceId, environment, number } = input
  return {
    id: input.deploymentId,
    number,
    serviceId,
    environment,
    trigger: input.trigger,
    ref: input.ref,
    commitSha: input.commitSha ?? null,
    repoFullName: input.repoFullName,
    serviceUrl: input.serviceUrl,
    retryOf: input.retryOf ?? null,
    rollbackOf: input.rollbackOf ?? null,
    releaseId: input.trigger === 'rollback' ? releaseId(serviceId, environment, input.releaseNumber) : null,
    workflowId: deployWorkflowId(serviceId, environment, number),
    requestedBy: input.requestedBy,
    queuedAt: new Date(input.queuedAt),
  }
}
