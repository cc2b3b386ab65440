import { WithStartWorkflowOperation, type Client } from '@temporalio/client'
import type { Enqueue } from '../activities/deploy-on-schedule.ts'
import { controlQueue, laneId, updateNames, workflowTypes } from '../contract/names.ts'
import type { Enqueued, EnqueueRequest, LaneInput } from '../contract/workflows.ts'

/** Into the lane, which is started if it does not run. */
export const temporalEnqueue =
  (client: Client): Enqueue =>
  (request: EnqueueRequest) => {
    const { serviceId, environment } = request
    const input: LaneInput = { serviceId, environment }
    const startWorkflowOperation = new WithStartWorkflowOperation(workflowTypes.lane, {
      workflowId: laneId(serviceId, environment),
      workflowIdConflictPolicy: 'USE_EXISTING',
      taskQueue: controlQueue,
      args: [input],
    })
    // Rejects beside the update itself; nobody else listens to it.
    startWorkflowOperation.workflowHandle().catch(() => {})
    return client.workflow.executeUpdateWithStart<
      (input: LaneInput) => Promise<void>,
      Enqueued,
      [EnqueueRequest]
    >(updateNames.enqueueDeployment, { args: [request], updateId: request.requestId, startWorkflowOperation })
  }
