import { setTimeout as wait } from 'node:timers/promises'
import { WorkflowNotFoundError, type Client, type WorkflowExecutionStatusName } from '@temporalio/client'
import type { Deployments } from '../activities/await-deployment.ts'
import type { WorkflowEnd } from '../contract/workflows.ts'

/** Milliseconds between two looks at a deployment that another lane has started. */
const lookEvery = 1000

const ends: Partial<Record<WorkflowExecutionStatusName, WorkflowEnd>> = {
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'canceled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timedOut',
}

export function temporalDeployments(client: Client): Deployments {
  const statusOf = async (workflowId: string): Promise<WorkflowExecutionStatusName | 'MISSING'> => {
    try {
      return (await client.workflow.getHandle(workflowId).describe()).status.name
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'MISSING'
      throw error
    }
  }
  return {
    async end(workflowId, signal) {
      for (;;) {
        const status = await statusOf(workflowId)
        if (status === 'MISSING') return 'missing'
        if (status !== 'RUNNING') return ends[status] ?? 'missing'
        await wait(lookEvery, undefined, { signal })
      }
    },
  }
}
