import type { WorkflowEnd } from '../contract/workflows.ts'
import { attended } from './step.ts'

/** Looks at deployment workflows from outside. The worker implements it with Temporal's client. */
export interface Deployments {
  /** Resolves when the workflow has closed, or at once when it does not exist. */
  end(workflowId: string, signal: AbortSignal): Promise<WorkflowEnd>
}

/** For a lane that did not start the deployment itself: it continued as new, or was lost. */
export const awaitDeployment =
  ({ deployments }: { deployments: Deployments }) =>
  (workflowId: string): Promise<WorkflowEnd> =>
    attended((signal) => deployments.end(workflowId, signal))
