import { deploymentId } from '../contract/names.ts'
import type {
  EnqueueRequest,
  LaneInput,
  LaneState,
  QueuedDeployment,
  Superseded,
} from '../contract/workflows.ts'

/** How many request ids a lane remembers: a repeated request within that gets the same deployment. */
const remembered = 200

export type Queue = ReturnType<typeof openQueue>

/** The waiting deployments of a lane, and the numbers it has given. */
export function openQueue(input: LaneInput) {
  const start: LaneState = input.carried ?? { lastNumber: 0, waiting: [], running: null, recent: [] }
  let { lastNumber, recent, running: carried } = start
  let waiting = [...start.waiting]
  return {
    /** Gives the next number, or the one that this request got before. */
    enqueue(request: EnqueueRequest): { deployment: QueuedDeployment; isNew: boolean } {
      const before = recent.find(([requestId]) => requestId === request.requestId)
      const number = before ? before[1] : Math.max(lastNumber + 1, request.numberFloor)
      const deployment = queued(request, number)
      if (before) return { deployment, isNew: false }
      lastNumber = number
      recent = [...recent, [request.requestId, number] as [string, number]].slice(-remembered)
      waiting.push(deployment)
      return { deployment, isNew: true }
    },

    knows: (requestId: string) => recent.some(([known]) => known === requestId),

    /**
     * Takes out those that wait and give way to this newer one. The one whose turn is now stays: it is as good as
     * started, and with pushes in quick succession the first would else never be deployed.
     */
    supersede(by: QueuedDeployment, isRunning: boolean): Superseded[] {
      const next = isRunning ? undefined : waiting[0]
      const superseded = waiting.filter(
        (one) => one !== next && one.number < by.number && one.queue === 'newest-wins',
      )
      waiting = waiting.filter((one) => !superseded.includes(one))
      return superseded.map((deployment) => ({ deployment, by: by.deploymentId }))
    },

    /** Takes a waiting one out; undefined when it does not wait (any more). */
    drop(id: string): QueuedDeployment | undefined {
      const dropped = waiting.find((one) => one.deploymentId === id)
      waiting = waiting.filter((one) => one !== dropped)
      return dropped
    },

    /** What the store knows of a lane that was lost; requests that came in meanwhile stay behind it. */
    recover(known: LaneState): void {
      lastNumber = Math.max(lastNumber, known.lastNumber)
      carried = known.running
      const isKnownHere = (old: QueuedDeployment) =>
        waiting.some((one) => one.deploymentId === old.deploymentId)
      const missed = known.waiting.filter((old) => !isKnownHere(old))
      waiting = [...waiting, ...missed].toSorted((a, b) => a.number - b.number)
    },

    /** The deployment that an earlier run of this lane had started. */
    takeCarried: () => carried,

    next: () => waiting.shift(),
    isNext: (one: QueuedDeployment) => waiting[0]?.number === one.number,
    isEmpty: () => waiting.length === 0,
    isWaiting: (one: QueuedDeployment) => waiting.some(({ number }) => number === one.number),
    waiting: () => waiting,
    state: (running: QueuedDeployment | null): LaneState => ({ lastNumber, waiting, running, recent }),
  }
}

function queued(request: EnqueueRequest, number: number): QueuedDeployment {
  const { numberFloor: _, releaseNumber, ...rest } = request
  return {
    ...rest,
    number,
    deploymentId: deploymentId(request.serviceId, request.environment, number),
    releaseNumber: releaseNumber ?? number,
  }
}
