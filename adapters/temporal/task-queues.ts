import type { Client } from '@temporalio/client'
import type { TaskQueue } from '../../contract/host.ts'
import type { TaskQueues } from '../../ports/hosts.ts'

/** Milliseconds: a page waits for it. */
const limit = 2_000

/** Of Temporal's own enumeration of what a queue carries. */
const types: Record<TaskQueue['carries'], number> = { workflows: 1, activities: 2 }

export function temporalTaskQueues(client: Client): TaskQueues {
  const { connection, options } = client
  const within = <T>(call: () => Promise<T>) => client.withDeadline(Date.now() + limit, call)
  return {
    async pollers(queue, carries) {
      const { pollers } = await within(() =>
        connection.workflowService.describeTaskQueue({
          namespace: options.namespace,
          taskQueue: { name: queue },
          taskQueueType: types[carries],
        }),
      )
      return (pollers ?? []).map(({ identity, lastAccessTime }) => ({
        identity: identity ?? '',
        lastSeen: new Date(Number(lastAccessTime?.seconds ?? 0) * 1000).toISOString(),
      }))
    },
    async version() {
      const { serverVersion } = await within(() => connection.workflowService.getSystemInfo({}))
      return serverVersion ?? ''
    },
  }
}
