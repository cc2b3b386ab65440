import { deployWorkflowId, releaseId } from '../contract/names.ts'
import { takesRelease } from '../contract/vocabulary.ts'
import type { DeploymentRequest, Enqueued } from '../contract/workflows.ts'
import type { NewDeployment } from './store.ts'

/** What was asked for, whether the lane has numbered it already or not. */
interface Request extends DeploymentRequest {
  serviceId: string
  environment: string
  /** The release that is taken; a new one, of the deployment's own number, when absent. */
  releaseNumber?: number
}

/** A deployment as it enters the store. Server, lane and schedule all write it, whoever comes first: it has to be the same. */
export function newDeployment(request: Request, { number, deploymentId }: Enqueued): NewDeployment {
  const { serviceId, environment, trigger, releaseNumber } = request
  return {
    id: deploymentId,
    number,
    serviceId,
    environment,
    trigger,
    ref: request.ref,
    commitSha: request.commitSha ?? null,
    repoFullName: request.repoFullName,
    serviceUrl: request.serviceUrl,
    retryOf: request.retryOf ?? null,
    rollbackOf: request.rollbackOf ?? null,
    releaseId:
      takesRelease(trigger) && releaseNumber !== undefined
        ? releaseId(serviceId, environment, releaseNumber)
        : null,
    workflowId: deployWorkflowId(serviceId, environment, number),
    requestedBy: request.requestedBy,
    queuedAt: new Date(request.queuedAt),
  }
}
