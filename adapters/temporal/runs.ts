import { isGrpcServiceError, type Client } from '@temporalio/client'
import {
  defineSearchAttributeKey,
  SearchAttributeType,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/common'
import { controlQueue, runWorkflowId, workflowTypes } from '../../contract/names.ts'
import type { RunInput } from '../../contract/workflows.ts'
import { RunsUnavailable, type RunStarter } from '../../ports/run-starter.ts'

/** Milliseconds until a caller hears that nothing is certain. */
const limit = 3_000

const service = defineSearchAttributeKey('Service', SearchAttributeType.KEYWORD)
const environmentKey = defineSearchAttributeKey('Environment', SearchAttributeType.KEYWORD)

/** A workflow for each run. */
export function temporalRuns(client: Client): RunStarter {
  const within = async (call: () => Promise<unknown>): Promise<void> => {
    try {
      await client.withDeadline(Date.now() + limit, call)
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError || error instanceof WorkflowNotFoundError)
        return
      if (!isGrpcServiceError(error) && !(error instanceof Error && isGrpcServiceError(error.cause)))
        throw error
      throw new RunsUnavailable(
        'Temporal does not take it just now. Start it (`sluice up`), then send the same request again.',
        { cause: error },
      )
    }
  }
  return {
    start: ({ id, host, serviceId, environment }) =>
      within(() => {
        const input: RunInput = { runId: id, host }
        return client.workflow.start(workflowTypes.run, {
          workflowId: runWorkflowId(id),
          // What has ended is not run a second time.
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          workflowIdConflictPolicy: 'USE_EXISTING',
          taskQueue: controlQueue,
          args: [input],
          typedSearchAttributes: [
            { key: service, value: serviceId },
            { key: environmentKey, value: environment },
          ],
        })
      }),
    cancel: (id) => within(() => client.workflow.getHandle(runWorkflowId(id)).cancel()),
  }
}
