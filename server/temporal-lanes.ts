import { setTimeout as sleep } from 'node:timers/promises'
import { WithStartWorkflowOperation, WorkflowUpdateFailedError, type Client } from '@temporalio/client'
import {
  ApplicationFailure,
  defineSearchAttributeKey,
  SearchAttributeType,
  WorkflowNotFoundError,
} from '@temporalio/common'
import {
  controlQueue,
  deployWorkflowId,
  environmentBusy,
  laneId,
  parseDeploymentId,
  signalNames,
  teardownId,
  updateNames,
  workflowTypes,
} from '../contract/names.ts'
import type { CancelRequest, Enqueued, EnqueueRequest, LaneInput } from '../contract/workflows.ts'
import type { deploy } from '../workflows/deploy.ts'
import type { lane } from '../workflows/lane.ts'
import type { teardown } from '../workflows/teardown.ts'
import { createGate } from './gate.ts'
import { EnvironmentBusy, LanesUnavailable, type Lanes } from './lanes.ts'
import { isUnavailable } from './temporal-errors.ts'

/** Temporal lets 10 updates of a workflow be in flight and hangs at the 11th (measured); others may send some too. */
const updatesInFlight = 8

/**
 * Milliseconds until a caller hears that nothing is certain. A lane answers through a worker: when one is killed, what
 * it had in hand goes to the next after 10 s (Temporal's time-out of a workflow task), and that one has to start.
 */
const limits = { enqueue: 30_000, signal: 4_000, answer: 2_000, teardown: 90_000, ping: 2_000 }

const service = defineSearchAttributeKey('Service', SearchAttributeType.KEYWORD)
const environment = defineSearchAttributeKey('Environment', SearchAttributeType.KEYWORD)

/** Lanes as Temporal workflows. The connection may be lazy: the API starts and reads while Temporal is down. */
export function temporalLanes({
  client,
  enqueueWithin = limits.enqueue,
}: {
  client: Client
  enqueueWithin?: number
}): Lanes {
  const gate = createGate(updatesInFlight)
  const { workflow, connection } = client

  const signalOr = async (workflowId: string, send: (id: string) => Promise<unknown>): Promise<boolean> => {
    try {
      await send(workflowId)
      return true
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false
      throw error
    }
  }

  const within = async <T>(
    limitMs: number,
    what: string,
    call: (signal: AbortSignal) => Promise<T>,
    givenUp?: AbortSignal,
  ): Promise<T> => {
    const timeout = AbortSignal.timeout(limitMs)
    const signal = givenUp ? AbortSignal.any([timeout, givenUp]) : timeout
    try {
      const answered = client.withAbortSignal(signal, () =>
        client.withDeadline(Date.now() + limitMs, () => call(signal)),
      )
      return await Promise.race([answered, aborted(signal)])
    } catch (error) {
      if (!signal.aborted && !isUnavailable(error)) throw error
      throw new LanesUnavailable(
        `${what} Start Temporal and the worker (\`sluice up\`), then send the same request again.`,
        {
          cause: error,
        },
      )
    }
  }

  const ping = () =>
    within(limits.ping, 'Temporal does not answer.', async (signal) => {
      const { namespace } = client.options
      await retryWhile(isUnavailable, signal, () =>
        connection.workflowService.describeNamespace({ namespace }),
      )
    })

  /** Waits for a worker, and for a Temporal that is back in a moment, but not for one that has gone silent. */
  const whileAlive = async <T>(work: (silent: AbortSignal) => Promise<T>): Promise<T> => {
    const silent = new AbortController()
    let missed = 0
    const look = () =>
      ping().then(
        () => (missed = 0),
        // A machine that is short of breath, because everything starts again, may miss one.
        (error: unknown) => ++missed > 1 && silent.abort(error),
      )
    const watch = setInterval(() => void look(), limits.ping)
    try {
      return await work(silent.signal)
    } finally {
      clearInterval(watch)
    }
  }

  /** The same request id is the same deployment, however often it is sent. */
  const update = (request: EnqueueRequest) =>
    workflow.executeUpdateWithStart<typeof lane, Enqueued, [EnqueueRequest]>(updateNames.enqueueDeployment, {
      args: [request],
      updateId: request.requestId,
      startWorkflowOperation: laneStart(request),
    })

  /** Whether it comes in time; undefined when there is no answer: nothing runs, or no worker of this version does. */
  const askToCancel = async (id: string, request: CancelRequest): Promise<boolean | undefined> => {
    const handle = workflow.getHandle<typeof deploy>(id)
    try {
      return await within(limits.answer, 'The deployment does not answer.', () =>
        handle.executeUpdate<boolean, [CancelRequest]>(updateNames.askToCancel, { args: [request] }),
      )
    } catch (error) {
      const isSilent = error instanceof LanesUnavailable || error instanceof WorkflowNotFoundError
      if (isSilent || error instanceof WorkflowUpdateFailedError) return undefined
      throw error
    }
  }

  return {
    async enqueue(request) {
      // What is sent to a frozen server lies in its socket, and would take effect long after the caller has given up.
      await ping()
      const lane = laneId(request.serviceId, request.environment)
      const send = (signal: AbortSignal) =>
        gate(lane, signal, () => retryWhile(isUnavailable, signal, () => update(request)))
      return whileAlive((silent) =>
        within(enqueueWithin, 'The queue of this environment does not answer.', send, silent),
      ).catch((error: unknown) => {
        throw busyFrom(error) ?? error
      })
    },

    cancel: ({ serviceId, environment: name, ...request }) =>
      within(limits.signal, 'The cancel could not be passed on.', async () => {
        const signal = (id: string) => workflow.getHandle(id).signal(signalNames.cancelDeployment, request)
        const number = parseDeploymentId(request.deploymentId)?.number
        // What a deployment has been told before its switch counts; by way of the lane it might come too late.
        if (number !== undefined) {
          const id = deployWorkflowId(serviceId, name, number)
          const inTime = await askToCancel(id, request)
          if (inTime === false) return false
          if (inTime === undefined) await signalOr(id, signal)
        }
        // It drops one that waits. Where it was terminated by hand, the deployment goes on without it.
        await signalOr(laneId(serviceId, name), signal)
        return true
      }),

    answerApproval: ({ deploymentId, ...answer }) =>
      within(limits.signal, 'The answer could not be passed on.', async () => {
        const { serviceId, environment: name, number } = parseDeploymentId(deploymentId)!
        const id = deployWorkflowId(serviceId, name, number)
        await signalOr(id, (known) => workflow.getHandle(known).signal(signalNames.answerApproval, answer))
      }),

    async forget(serviceId, name) {
      await ping()
      await within(limits.signal, 'The queue of this environment could not be closed.', async () => {
        const reason = 'The environment is being deleted'
        await signalOr(laneId(serviceId, name), (id) => workflow.getHandle(id).terminate(reason))
      })
    },

    teardown: (input) =>
      within(limits.teardown, `Host ${input.host} did not remove what it has of this environment.`, () =>
        workflow.execute<typeof teardown>(workflowTypes.teardown, {
          workflowId: teardownId(input.serviceId, input.environment),
          workflowIdConflictPolicy: 'USE_EXISTING',
          taskQueue: controlQueue,
          args: [input],
        }),
      ),

    ping,
  }
}

function laneStart(request: EnqueueRequest): WithStartWorkflowOperation<typeof lane> {
  const input: LaneInput = { serviceId: request.serviceId, environment: request.environment }
  const operation = new WithStartWorkflowOperation<typeof lane>(workflowTypes.lane, {
    workflowId: laneId(request.serviceId, request.environment),
    workflowIdConflictPolicy: 'USE_EXISTING',
    taskQueue: controlQueue,
    args: [input],
    typedSearchAttributes: [
      { key: service, value: request.serviceId },
      { key: environment, value: request.environment },
    ],
  })
  // Rejects beside the update itself; nobody else listens to it.
  operation.workflowHandle().catch(() => {})
  return operation
}

function busyFrom(error: unknown): EnvironmentBusy | undefined {
  if (error instanceof ApplicationFailure && error.type === environmentBusy)
    return new EnvironmentBusy(error.message)
  return error instanceof Error && error.cause !== undefined ? busyFrom(error.cause) : undefined
}

/** The SDK's own retries may overrun a deadline by seconds. */
const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })

/** Too many at once, or a connection that is being made anew, is over in a moment; the signal says how long it may take. */
async function retryWhile<T>(
  passes: (error: unknown) => boolean,
  signal: AbortSignal,
  call: () => Promise<T>,
): Promise<T> {
  for (let wait = 50; ; wait = Math.min(wait * 2, 500)) {
    try {
      return await call()
    } catch (error) {
      if (!passes(error)) throw error
      await sleep(wait * (0.5 + Math.random() / 2), undefined, { signal })
    }
  }
}
