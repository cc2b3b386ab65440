import type { Client } from '@temporalio/client'
import type { Logger } from 'pino'
import { controlQueue, laneId, workflowTypes } from '../contract/names.ts'
import type { LaneInput } from '../contract/workflows.ts'
import type { Store } from '../ports/store.ts'

/** Milliseconds between two looks for accepted deployments that no lane knows. */
const lookEvery = 30_000

/**
 * Accepted work is never lost: where the store has unfinished deployments, their lane must be running.
 * A lane that starts from nothing recovers them. Needed only after a lane was terminated or Temporal lost its state.
 */
export function wakeLanes({ client, store, log }: { client: Client; store: Store; log: Logger }): () => void {
  const look = async () => {
    const unfinished = await store.deployments.unfinished()
    const lanes = new Map(unfinished.map((one) => [laneId(one.serviceId, one.environment), one]))
    for (const [workflowId, { serviceId, environment }] of lanes) {
      const input: LaneInput = { serviceId, environment }
      await client.workflow.start(workflowTypes.lane, {
        workflowId,
        taskQueue: controlQueue,
        args: [input],
        workflowIdConflictPolicy: 'USE_EXISTING',
      })
    }
  }
  const lookSafely = () => {
    look().catch((error: unknown) => log.warn({ error: String(error) }, 'could not look for lanes to wake'))
  }
  lookSafely()
  const timer = setInterval(lookSafely, lookEvery)
  return () => clearInterval(timer)
}
