import type { ApprovalRecord, DeployInput, Outcome, Superseded } from '../contract/workflows.ts'
import { newDeployment } from '../ports/new-deployment.ts'
import type { Store } from '../ports/store.ts'

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
    await store.deployments.recordQueued(newDeployment(input, input))
  }

/** A deployment that was canceled before its turn came. */
export const recordCanceledInQueue =
  ({ store }: { store: Store }) =>
  async (input: DeployInput): Promise<void> => {
    await store.deployments.recordQueued(newDeployment(input, input))
    await store.deployments.finish(input.deploymentId, {
      status: 'CANCELED',
      compensation: 'NONE',
      failure: null,
      step: null,
    })
  }

/** Deployments that waited until a newer one took their place. Safe to repeat. */
export const recordSuperseded =
  ({ store }: { store: Store }) =>
  async (all: Superseded[]): Promise<void> => {
    for (const { deployment, by } of all) {
      await store.deployments.recordQueued(newDeployment(deployment, deployment))
      await store.deployments.finish(deployment.deploymentId, {
        status: 'SUPERSEDED',
        compensation: 'NONE',
        failure: null,
        step: null,
        supersededBy: by,
      })
    }
  }

/** Shows that a deployment waits for somebody's approval, or goes on after it. Safe to repeat. */
export const recordApproval =
  ({ store }: { store: Store }) =>
  async ({ deploymentId, ...change }: ApprovalRecord): Promise<void> => {
    await store.deployments.approval(deploymentId, change)
  }
