import { defaults } from '../contract/defaults.ts'
import { freezeAt } from '../contract/freeze.ts'
import { parseReleaseNumber, serviceUrlOf } from '../contract/names.ts'
import { queuePolicyFor } from '../contract/queue-policy.ts'
import { takesRelease } from '../contract/vocabulary.ts'
import type { Enqueued, EnqueueRequest, ScheduledInput, ScheduledResult } from '../contract/workflows.ts'
import { newDeployment } from '../ports/new-deployment.ts'
import type { EnvironmentRow, ScheduleRow, Store } from '../ports/store.ts'

/** Puts a deployment into its lane; the same `requestId` again means the same deployment. `busy`: none may wait there. */
export type Enqueue = (request: EnqueueRequest) => Promise<Enqueued | 'busy'>

export interface ScheduledTurn extends ScheduledInput {
  requestId: string
  /** The time that was meant. */
  at: string
  /** Milliseconds between that and its start. */
  lateMs: number
}

/** More than any time that Temporal makes up for by itself: somebody has asked for turns of the past. */
const tooLate = 25 * 3_600_000

/** What is to be done, or why nothing can be. */
type Aim = Pick<EnqueueRequest, 'trigger' | 'ref' | 'commitSha' | 'releaseNumber' | 'rollbackOf'> | string

/**
 * Carries out one turn of a schedule. Only what cannot be deployed at all is refused here, and noted with the schedule:
 * everything else is the preflight's matter and shows as a deployment.
 */
export const deployOnSchedule =
  ({ store, enqueue, routerPort }: { store: Store; enqueue: Enqueue; routerPort: number }) =>
  async (turn: ScheduledTurn): Promise<ScheduledResult> => {
    const { serviceId, environment: name } = turn
    const [schedule, service, environment, lastNumber] = await Promise.all([
      store.schedules.find(serviceId, name, turn.name),
      store.services.find(serviceId),
      store.environments.find(serviceId, name),
      store.environments.lastNumber(serviceId, name),
    ])
    if (!schedule || !service || !environment) return { deploymentId: null, note: 'the schedule was deleted' }
    const end = async (deploymentId: string | null, note: string | null): Promise<ScheduledResult> => {
      await store.schedules.ran(serviceId, name, turn.name, { at: new Date(turn.at), deploymentId, note })
      return { deploymentId, note }
    }
    if (turn.lateMs > tooLate) return end(null, 'missed: turns of the past are not made up for')
    const barrier = barrierOf(environment)
    if (barrier !== undefined) return end(null, barrier)
    const aim = await aimOf(store, schedule, environment)
    if (typeof aim === 'string') return end(null, aim)
    const request: EnqueueRequest = {
      requestId: turn.requestId,
      serviceId,
      environment: name,
      host: environment.host,
      ...aim,
      requestedBy: `schedule ${turn.name}`,
      repoFullName: service.repoFullName,
      serviceUrl: serviceUrlOf(routerPort, serviceId, name),
      queuedAt: new Date().toISOString(),
      numberFloor: lastNumber + 1,
      timings: { deployTimeout: defaults.deployTimeout + (environment.approvalTimeout ?? 0) },
      queue: queuePolicyFor(environment.queue, aim.trigger),
      ...(environment.approvalTimeout && !takesRelease(aim.trigger)
        ? { approvalTimeout: environment.approvalTimeout }
        : {}),
    }
    const enqueued = await enqueue(request)
    if (enqueued === 'busy')
      return end(null, 'another deployment had not ended, and this environment lets none wait')
    // The lane records it too; doing it here makes it readable as soon as the schedule tells of it.
    await store.deployments.recordQueued(newDeployment(request, enqueued))
    return end(enqueued.deploymentId, null)
  }

/** Whoever holds or freezes an environment means its schedules too. */
function barrierOf({ hold, freezes }: EnvironmentRow): string | undefined {
  if (hold) return `held by ${hold.by}: ${hold.reason}`
  const freeze = freezeAt(freezes, new Date())
  return freeze ? `frozen until ${freeze.until.toISOString()}: ${freeze.reason}` : undefined
}

async function aimOf(store: Store, { action }: ScheduleRow, environment: EnvironmentRow): Promise<Aim> {
  const { live, branch } = environment
  if (action.kind === 'deploy') return { trigger: 'schedule', ref: action.ref ?? branch }
  if (!live) return 'nothing is live yet'
  const ref = (await store.deployments.find(live.deploymentId))?.ref ?? branch
  if (action.kind === 'redeploy') {
    if (live.commitSha === null) return 'the live release has no commit'
    return { trigger: 'schedule', ref, commitSha: live.commitSha }
  }
  return rollBackTo(store, environment, action.releaseId)
}

async function rollBackTo(
  store: Store,
  { serviceId, environment, live, branch }: EnvironmentRow,
  wanted: string | undefined,
): Promise<Aim> {
  const before = parseReleaseNumber(live?.releaseId ?? '') ?? 0
  const releases = (await store.releases.list(serviceId, environment)).filter(({ kept }) => kept)
  for (const { releaseId, deploymentId, commitSha } of releases) {
    const number = parseReleaseNumber(releaseId) ?? 0
    if (wanted === undefined ? number >= before : releaseId !== wanted) continue
    const built = await store.deployments.find(deploymentId)
    if (wanted === undefined && built?.status !== 'SUCCEEDED') continue
    if (releaseId === live?.releaseId) return `${releaseId} is live already`
    const ref = built?.ref ?? branch
    const commit = commitSha === null ? {} : { commitSha }
    return { trigger: 'rollback', ref, ...commit, releaseNumber: number, rollbackOf: deploymentId }
  }
  return `${wanted ?? 'an earlier release'} is not kept`
}
