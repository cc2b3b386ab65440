import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client'
import type { Logger } from 'pino'
import { controlQueue, notifyWorkflowId, workflowTypes } from '../contract/names.ts'
import type { NotifyInput } from '../contract/workflows.ts'
import type { Store } from '../ports/store.ts'

/** Milliseconds between two looks. */
const lookEvery = 1_000
const atOnce = 50

interface Deps {
  client: Client
  store: Pick<Store, 'notifications'>
  log: Pick<Logger, 'warn'>
  taskQueue?: string
}

/**
 * Starts a workflow for each delivery that waits. They are rows, written together with what they tell of, so nothing is
 * lost while Temporal or this worker is away; a workflow that was started and not noted is found by its id.
 */
export function startNotifying({ client, store, log, taskQueue = controlQueue }: Deps): () => void {
  let stopped = false
  let timer: NodeJS.Timeout | undefined

  const look = async () => {
    for (const deliveryId of await store.notifications.waiting(atOnce)) {
      if (stopped) return
      const input: NotifyInput = { deliveryId }
      await client.workflow
        .start(workflowTypes.notify, { workflowId: notifyWorkflowId(deliveryId), taskQueue, args: [input] })
        .catch((error: unknown) => {
          if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
        })
      await store.notifications.handedOver(deliveryId)
    }
  }
  const lookAndGoOn = async () => {
    try {
      await look()
    } catch (error) {
      log.warn({ error: String(error) }, 'could not look for notifications to deliver')
    }
    if (!stopped) timer = setTimeout(() => void lookAndGoOn(), lookEvery)
  }
  void lookAndGoOn()
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
