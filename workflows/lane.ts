import {
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow'
import { ApplicationFailure } from '@temporalio/common'
import { environmentBusy, queryNames, signalNames, updateNames } from '../contract/names.ts'
import type {
  CancelRequest,
  Enqueued,
  EnqueueRequest,
  LaneInput,
  QueuedDeployment,
  QueueView,
  Superseded,
} from '../contract/workflows.ts'
import { control } from './activity-policies.ts'
import { cancelRunning, runDeployment } from './lane-deployment.ts'
import { openQueue, type Queue } from './lane-queue.ts'

export const enqueueDeployment = defineUpdate<Enqueued, [EnqueueRequest]>(updateNames.enqueueDeployment)
export const cancelDeployment = defineSignal<[CancelRequest]>(signalNames.cancelDeployment)
export const rotateLane = defineSignal(signalNames.rotateLane)
export const queueQuery = defineQuery<QueueView>(queryNames.queue)

/**
 * Events after which a lane continues as new between two deployments; a deployment adds about 20.
 * An operator's signal, or the server's own suggestion, makes it do so even while a deployment runs,
 * which the next run then awaits.
 */
const rotateAfterEvents = 1000

/**
 * One environment's deployments, one at a time, in the order of their numbers.
 * It is a workflow and not a lock, so nothing can be left locked.
 */
export async function lane(input: LaneInput): Promise<void> {
  const queue = openQueue(input)
  let rotate = false
  let running: QueuedDeployment | null = null
  const canceled: QueuedDeployment[] = []
  const superseded: Superseded[] = []
  const unrecorded: QueuedDeployment[] = []

  const isRunning = () => running !== null
  const enqueue = (request: EnqueueRequest): Enqueued => {
    const { deployment, isNew } = queue.enqueue(request)
    if (isNew) unrecorded.push(deployment)
    if (isNew && request.queue === 'newest-wins') superseded.push(...queue.supersede(deployment, isRunning()))
    return { number: deployment.number, deploymentId: deployment.deploymentId }
  }
  setHandler(enqueueDeployment, enqueue, {
    validator(request) {
      if (request.queue !== 'reject' || queue.knows(request.requestId)) return
      if (isRunning() || !queue.isEmpty()) throw busy(running ?? queue.waiting()[0]!)
    },
  })
  setHandler(cancelDeployment, (request) => {
    const dropped = queue.drop(request.deploymentId)
    if (dropped) canceled.push(dropped)
    else if (running?.deploymentId === request.deploymentId) cancelRunning(running, request)
  })
  setHandler(rotateLane, () => {
    rotate = true
  })
  setHandler(queueQuery, () => ({
    running: running?.deploymentId ?? null,
    waiting: queue.waiting().map(({ deploymentId }) => deploymentId),
  }))

  if (!input.carried) {
    const { serviceId, environment } = input
    queue.recover(await control.recoverLane({ serviceId, environment }))
  }

  const start = (deployment: QueuedDeployment, alreadyStarted: boolean) => {
    running = deployment
    void runDeployment(deployment, alreadyStarted).then(() => {
      running = null
    })
  }
  const isBehind = () => canceled.length > 0 || superseded.length > 0 || unrecorded.length > 0
  const mustRotate = () => rotate || workflowInfo().continueAsNewSuggested || (!running && isLong(input))

  const carried = queue.takeCarried()
  if (carried) start(carried, true)
  for (;;) {
    for (const dropped of canceled.splice(0)) await control.recordCanceledInQueue(dropped)
    if (superseded.length > 0) await control.recordSuperseded(superseded.splice(0))
    for (const one of unrecorded.splice(0)) {
      // One that starts at once is recorded by its own first step, which saves a round trip.
      if (queue.isWaiting(one) && (running || !queue.isNext(one))) await control.recordQueued(one)
    }
    if (isBehind()) continue
    if (mustRotate()) await continueAsNew<typeof lane>({ ...input, carried: queue.state(running) })
    if (!running && !queue.isEmpty()) start(queue.next()!, false)
    show(input, running, queue)
    await condition(() => isBehind() || mustRotate() || (!running && !queue.isEmpty()))
  }
}

const busy = ({ deploymentId }: QueuedDeployment) =>
  ApplicationFailure.nonRetryable(
    `${deploymentId} has not ended, and this environment lets none wait.`,
    environmentBusy,
  )

const isLong = (input: LaneInput) =>
  workflowInfo().historyLength > (input.rotateAfterEvents ?? rotateAfterEvents)

function show(input: LaneInput, running: QueuedDeployment | null, queue: Queue): void {
  const waiting = queue.waiting().map(({ number, ref }) => `- #${number} \`${ref}\``)
  setCurrentDetails(
    [
      `**${input.serviceId} / ${input.environment}**`,
      running ? `running: #${running.number} \`${running.ref}\`` : 'nothing runs',
      ...(waiting.length > 0 ? ['', 'waiting:', ...waiting.slice(0, 50)] : []),
    ].join('\n'),
  )
}
