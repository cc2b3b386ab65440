import { isGrpcServiceError, type Client } from '@temporalio/client'
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import { controlQueue, runWorkflowId, workflowTypes } from '../../contract/names.ts'
import type { RunInput } from '../../contract/workflows.ts'
import { RunsUnavailable, type RunStarter, type StartableRun } from '../../ports/run-starter.ts'

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
      if (!isGrpcServiceError(error) && !(error instanceof Error && isGrpcServiceError(error.cause)))
        throw error
      throw new RunsUnavailable(
        'Temporal does not take it just now. Start it (`sluice up`), then send the same request again.',
        { cause: error },
      )
    }
  }
  const start = ({ id, host, serviceId, environment }: StartableRun) => {
    const input: RunInput = { runId: id, host }
    return client.workflow.start(workflowTypes.run, {
      workflowId: runWorkflowId(id),
      // The row decides, not an earlier workflow: that may have found none, or be gone from under its command.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'USE_EXISTING',
      taskQueue: controlQueue,
      args: [input],
      typedSearchAttributes: [
        { key: service, value: serviceId },
        { key: environmentKey, value: environment },
      ],
    })
  }
  return {
    start: (run) => within(() => start(run)),
    // What is no more (or is the workflow of a cron entry) takes a cancel without a word, or is not found. So one is
    // started that attaches to what runs, and ends it with its row.
    cancel: (run) => within(async () => (await start(run)).cancel()),
  }
}
