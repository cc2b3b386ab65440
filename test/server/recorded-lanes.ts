import { deploymentId } from '../../contract/names.ts'
import type { ApprovalAnswer, EnqueueRequest, TeardownInput } from '../../contract/workflows.ts'
import { EnvironmentBusy, LanesUnavailable, type Lanes } from '../../server/lanes.ts'

export interface RecordedLanes extends Lanes {
  enqueued: EnqueueRequest[]
  canceled: string[]
  /** The switch of these has begun. */
  tooLate: Set<string>
  answered: (ApprovalAnswer & { deploymentId: string })[]
  /** While set, whoever may not wait is refused with it. */
  busy: string | undefined
  forgotten: string[]
  tornDown: TeardownInput[]
  /** While true, every call fails as if Temporal were down. */
  down: boolean
  /** While true, a deployment is accepted but the answer is lost. */
  losesAnswers: boolean
}

/** Numbers deployments as a lane does and remembers what it was told; Temporal itself is tested end to end. */
export function recordLanes(): RecordedLanes {
  const numbers = new Map<string, number>()
  const lastOf = new Map<string, number>()
  const failIf = (condition: boolean) => {
    if (condition) throw new LanesUnavailable('The queue does not answer. Start Temporal.')
  }
  const lanes: RecordedLanes = {
    enqueued: [],
    canceled: [],
    tooLate: new Set(),
    answered: [],
    busy: undefined,
    forgotten: [],
    tornDown: [],
    down: false,
    losesAnswers: false,
    async enqueue(request) {
      failIf(lanes.down)
      if (lanes.busy !== undefined && request.queue === 'reject') throw new EnvironmentBusy(lanes.busy)
      const { requestId, serviceId, environment, numberFloor } = request
      const lane = `${serviceId}/${environment}`
      const number = numbers.get(requestId) ?? Math.max((lastOf.get(lane) ?? 0) + 1, numberFloor)
      if (!numbers.has(requestId)) {
        numbers.set(requestId, number)
        lastOf.set(lane, number)
        lanes.enqueued.push(request)
      }
      failIf(lanes.losesAnswers)
      return { number, deploymentId: deploymentId(serviceId, environment, number) }
    },
    async cancel(request) {
      failIf(lanes.down)
      if (lanes.tooLate.has(request.deploymentId)) return false
      lanes.canceled.push(request.deploymentId)
      return true
    },
    async answerApproval(answer) {
      failIf(lanes.down)
      lanes.answered.push(answer)
    },
    async forget(serviceId, environment) {
      failIf(lanes.down)
      lanes.forgotten.push(`${serviceId}/${environment}`)
      lastOf.delete(`${serviceId}/${environment}`)
    },
    async teardown(input) {
      failIf(lanes.down)
      lanes.tornDown.push(input)
    },
    async ping() {
      failIf(lanes.down)
    },
  }
  return lanes
}
