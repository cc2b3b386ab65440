import { WithStartWorkflowOperation, type Client } from '@temporalio/client'
import { ApplicationFailure } from '@temporalio/common'
import type { Enqueue } from '../activities/deploy-on-schedule.ts'
import { controlQueue, environmentBusy, laneId, updateNames, workflowTypes } from '../contract/names.ts'
import type { Enqueued, EnqueueRequest, LaneInput } from '../contract/workflows.ts'

/** Into the lane, which is started if it does not run. */
export const temporalEnqueue =
  (client: Client): Enqueue =>
  async (request: EnqueueRequest) => {
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
    try {
      return await client.workflow.executeUpdateWithStart<
        (input: LaneInput) => Promise<void>,
        Enqueued,
        [EnqueueRequest]
      >(updateNames.enqueueDeployment, {
        args: [request],
        updateId: request.requestId,
        startWorkflowOperation,
      })
    } catch (error) {
      if (isBusy(error)) return 'busy'
      throw error
    }
  }

/** The lane's own refusal, wherever the SDK has wrapped it. */
function isBusy(error: unknown): boolean {
  if (error instanceof ApplicationFailure && error.type === environmentBusy) return true
  return error instanceof Error && error.cause !== undefined && isBusy(error.cause)
}
