import { randomUUID } from 'node:crypto'
import { CancelledFailure, Context } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client'
import { NativeConnection, Runtime, Worker, DefaultLogger } from '@temporalio/worker'
import { inject } from 'vitest'
import type { ControlActivities, HostActivities, RunActivities } from '../../activities/index.ts'
import { hostQueue, laneId, updateNames, workflowTypes } from '../../contract/names.ts'
import type {
  ApprovalRecord,
  Enqueued,
  EnqueueRequest,
  LaneInput,
  LaneState,
  NotifyInput,
  Outcome,
  QueuedDeployment,
  RunFailure,
  ScheduledInput,
  Superseded,
} from '../../contract/workflows.ts'
import { temporalDeployments } from '../../worker/deployments.ts'

import { defineUpdate } from '@temporalio/workflow'

const enqueueDeployment = defineUpdate<Enqueued, [EnqueueRequest]>(updateNames.enqueueDeployment)

/** What a scripted host activity does when its name comes up. */
type HostActivity = keyof HostActivities | keyof RunActivities
export type Script = Partial<Record<HostActivity, (input: QueuedDeployment) => unknown>>

/**
 * A worker with the real workflows on the real server, whose activities only note that they were called
 * and do what the test says. Everything that the activities really do is tested end to end.
 */
export async function startScripted(script: Script = {}) {
  Runtime.install({
    logger: new DefaultLogger('ERROR', () => {}),
    shutdownSignals: [],
    telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN' } } },
  })
  const address = inject('temporalAddress')
  // Task queues and ids are random, because all files share one server.
  const service = `s${randomUUID().slice(0, 8)}`
  const host = service
  const connection = await NativeConnection.connect({ address })
  const client = new Client({ connection: await Connection.connect({ address }) })
  const calls: string[] = []
  const outcomes: Outcome[] = []
  const recovered: Record<string, LaneState> = {}
  const bundle = { codePath: inject('workflowBundle') }

  const note = (name: HostActivity, answer: unknown) => async (input: Partial<QueuedDeployment>) => {
    calls.push(`${name} ${input.number ?? ''}`.trim())
    return (await script[name]?.(input as QueuedDeployment)) ?? answer
  }
  const names = {
    checkReadiness: { detail: 'ready' },
    fetchSource: { detail: 'abc', commitSha: 'abc' },
    installDependencies: { detail: 'installed' },
    buildRelease: { detail: 'built' },
    validateCandidate: { detail: 'answers' },
    migrateDatabase: { detail: 'none', skipped: true },
    reloadCandidate: { detail: 'still answers' },
    switchTraffic: { detail: 'live' },
    watchRelease: { detail: 'live, watched' },
    retireOldReleases: { detail: 'nothing' },
    discardRelease: undefined,
    stopCandidate: undefined,
    restoreTraffic: undefined,
    settleTerminated: { live: false },
    removeEnvironment: undefined,
    ...{ beginRun: true, attendRun: undefined, clearRun: undefined },
  } satisfies Record<HostActivity, unknown>
  const hostActivities = Object.fromEntries(
    Object.entries(names).map(([name, answer]) => [name, note(name as HostActivity, answer)]),
  )
  const deployments = temporalDeployments(client)
  const control: Record<keyof ControlActivities, (input: never) => Promise<unknown>> = {
    recordOutcome: async (outcome: Outcome) => {
      outcomes.push(outcome)
    },
    recordQueued: async (input: QueuedDeployment) => {
      calls.push(`recordQueued ${input.number}`)
    },
    recordCanceledInQueue: async (input: QueuedDeployment) => {
      calls.push(`recordCanceledInQueue ${input.number}`)
    },
    recordSuperseded: async (all: Superseded[]) => {
      for (const { deployment, by } of all)
        calls.push(`recordSuperseded ${deployment.number} by ${by.split('.').at(-1)}`)
    },
    recordApproval: async ({ waiting, detail }: ApprovalRecord) => {
      calls.push(`recordApproval ${waiting ? 'waits' : detail}`)
    },
    endRun: async ({ canceled, note: why }: RunFailure) => {
      calls.push(`endRun ${canceled ? 'canceled' : why}`)
    },
    beginCronRun: async ({ name }: ScheduledInput) =>
      name === 'gone' ? null : { runId: `run_${'0'.repeat(24)}`, host },
    deployOnSchedule: async () => ({ deploymentId: null, note: null }),
    recoverLane: async ({ environment }: { environment: string }) =>
      recovered[environment] ?? { lastNumber: 0, waiting: [], running: null, recent: [] },
    deliverNotification: async ({ deliveryId }: NotifyInput) => {
      if (deliveryId.startsWith('refused')) failure('NotDelivered')()
    },
    giveUpNotification: async () => {},
    awaitDeployment: async (workflowId: string) =>
      deployments.end(workflowId, Context.current().cancellationSignal),
  }

  const options = {
    connection,
    stickyQueueScheduleToStartTimeout: '1s',
    maxHeartbeatThrottleInterval: '100ms',
  } as const
  const workers = [
    await Worker.create({ ...options, taskQueue: hostQueue(host), activities: hostActivities }),
    await Worker.create({ ...options, taskQueue: service, workflowBundle: bundle, activities: control }),
  ]
  const running = workers.map((worker) => worker.run())
  const [, first] = workers
  let workflowWorker = { worker: first!, ended: running[1]! }

  const requestFor = (environment: string, change: Partial<EnqueueRequest> = {}): EnqueueRequest => ({
    requestId: randomUUID(),
    serviceId: service,
    environment,
    host,
    trigger: 'api',
    ref: 'main',
    requestedBy: 'test',
    repoFullName: null,
    serviceUrl: '',
    queuedAt: new Date().toISOString(),
    numberFloor: 1,
    timings: { deployTimeout: 600_000 },
    ...change,
  })

  return {
    client,
    service,
    requestFor,
    /** As the API does it: starts the lane when it is not there. */
    enqueue(
      environment: string,
      change: Partial<EnqueueRequest> = {},
      lane: Partial<LaneInput> = {},
    ): Promise<Enqueued> {
      const input: LaneInput = { serviceId: service, environment, ...lane }
      const startWorkflowOperation = new WithStartWorkflowOperation(workflowTypes.lane, {
        workflowId: laneId(service, environment),
        taskQueue: service,
        args: [input],
        workflowIdConflictPolicy: 'USE_EXISTING',
      })
      return client.workflow.executeUpdateWithStart(enqueueDeployment, {
        args: [requestFor(environment, change)],
        startWorkflowOperation,
      })
    },
    /** Ends the worker and starts another with this workflow code in its place. */
    async changeWorkflows(codePath: string) {
      workflowWorker.worker.shutdown()
      await workflowWorker.ended
      const worker = await Worker.create({
        ...options,
        taskQueue: service,
        workflowBundle: { codePath },
        activities: control,
      })
      workflowWorker = { worker, ended: worker.run() }
    },
    calls,
    outcomes,
    recovered,
    laneId: (environment: string) => laneId(service, environment),
    async stop() {
      workers[0]!.shutdown()
      workflowWorker.worker.shutdown()
      await Promise.all([...running, workflowWorker.ended])
      await Promise.all([connection.close(), client.connection.close()])
    },
  }
}

export const failure = (code: string) => () => {
  throw ApplicationFailure.nonRetryable(`it ended with ${code}`, code)
}

/** Runs until it is canceled, as a long command does. */
export const untilCanceled = async () => {
  const context = Context.current()
  const heart = setInterval(() => context.heartbeat(), 50)
  try {
    await context.cancelled
  } catch (error) {
    if (error instanceof CancelledFailure) throw error
    throw error
  } finally {
    clearInterval(heart)
  }
}

/** Waits for something that must come true; the test's own time-out ends it otherwise. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10))
}
