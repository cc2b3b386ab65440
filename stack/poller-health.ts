// Run as a program, by health checks: whether a worker on this machine polls the task queue of the first argument.
import os from 'node:os'
import { Connection } from '@temporalio/client'
import { loadClientConnectConfig } from '@temporalio/envconfig'

/** `TASK_QUEUE_TYPE_ACTIVITY` in Temporal's TaskQueueType: the control queue and the host queues both have it. */
const activityQueue = 2

/** Milliseconds: a poll lasts a minute at most. */
const recent = 90_000

const config = loadClientConnectConfig()
const connection = await Connection.connect({ ...config.connectionOptions, connectTimeout: 3000 })
try {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace: config.namespace ?? 'default',
    taskQueue: { name: process.argv[2] ?? '' },
    taskQueueType: activityQueue,
  })
  // The SDK's standard identity is `<pid>@<host name>`.
  const own = (pollers ?? []).filter(({ identity }) => identity?.endsWith(`@${os.hostname()}`))
  const lastPoll = Math.max(...own.map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000))
  process.exitCode = Date.now() - lastPoll < recent ? 0 : 1
} finally {
  await connection.close()
}
