import { defaults } from '../contract/defaults.ts'
import type { Deployment, Finding } from '../contract/deployment.ts'
import { freezeAt } from '../contract/freeze.ts'
import { queuePolicyFor } from '../contract/queue-policy.ts'
import { takesRelease, type Trigger } from '../contract/vocabulary.ts'
import type { EnqueueRequest } from '../contract/workflows.ts'
import { newDeployment } from '../ports/new-deployment.ts'
import type { EnvironmentRow, ServiceRow } from '../ports/store.ts'
import type { AppDeps } from './deps.ts'
import { findDeployment } from './find.ts'
import { EnvironmentBusy } from './lanes.ts'
import type { Metrics } from './metrics.ts'
import { Refusal } from './refusal.ts'
import { serviceUrl } from './service-url.ts'

/** Milliseconds for all checks before a deployment is accepted. */
export const preflightLimit = 25_000

export interface Wish {
  service: ServiceRow
  environment: EnvironmentRow
  trigger: Trigger
  /** Name of the caller. */
  by: string
  ref: string
  commitSha?: string | undefined
  releaseNumber?: number | undefined
  retryOf?: string
  rollbackOf?: string | undefined
  /** An earlier attempt may have had its effect: what the preflight finds is left to the deployment itself. */
  inDoubt?: boolean
}

/**
 * Checks that the deployment may start, puts it in its lane and records it. Nothing is started when a check fails.
 * @param enqueueId the same one again means the same deployment
 * @throws Refusal PreflightFailed with every finding; EnvironmentHeld, EnvironmentFrozen, EnvironmentBusy
 * @throws LanesUnavailable
 */
export async function acceptDeployment(
  deps: Pick<AppDeps, 'store' | 'readiness' | 'lanes' | 'settings' | 'now'> & Pick<Metrics, 'accepted'>,
  wish: Wish,
  enqueueId: string,
): Promise<Deployment> {
  if (!wish.inDoubt) {
    requireAdmitted(deps, wish)
    await requireReady(deps, wish)
  }
  const request = await enqueueRequest(deps, wish, enqueueId)
  const enqueued = await deps.lanes.enqueue(request).catch((error: unknown) => {
    throw error instanceof EnvironmentBusy ? busy(error) : error
  })
  // The lane's worker records it too; doing it here makes it readable as soon as it is accepted.
  await deps.store.deployments.recordQueued(newDeployment(request, enqueued))
  deps.accepted.inc({ trigger: wish.trigger })
  return findDeployment(deps, enqueued.deploymentId)
}

/** Where an accepted deployment can be followed. */
export const locationOf = ({ id }: Deployment) => ({ Location: `/v1/deployments/${id}` })

/** Nothing new comes while an environment is held or frozen; the way back stays open. */
export function requireAdmitted({ now }: Pick<AppDeps, 'now'>, { environment, trigger }: Wish): void {
  if (trigger === 'rollback') return
  const { serviceId, environment: name, hold, freezes } = environment
  if (hold) {
    throw new Refusal(
      409,
      'EnvironmentHeld',
      `${name} is held by ${hold.by} since ${hold.since.toISOString()}: ${hold.reason} To lift it: \`sluice unhold ${serviceId} ${name}\`.`,
    )
  }
  const freeze = freezeAt(freezes, now())
  if (freeze) {
    throw new Refusal(
      409,
      'EnvironmentFrozen',
      `${name} is frozen until ${freeze.until.toISOString()}: ${freeze.reason} Deploy after that, or change its freezes.`,
    )
  }
}

const busy = ({ message }: EnvironmentBusy) =>
  new Refusal(409, 'EnvironmentBusy', `${message} Wait for it, or cancel it, then deploy again.`)

async function requireReady(deps: Pick<AppDeps, 'readiness'>, wish: Wish): Promise<void> {
  const findings = await findingsFor(deps, wish)
  if (findings.length === 0) return
  const sentences = findings.map(({ message }) => message).join(' ')
  throw new Refusal(422, 'PreflightFailed', `Nothing was started. ${sentences}`, { findings })
}

/** What is in the way of a deployment; nothing when it may start. */
export function findingsFor({ readiness }: Pick<AppDeps, 'readiness'>, wish: Wish): Promise<Finding[]> {
  const { environment, ref, commitSha, trigger, releaseNumber, rollbackOf } = wish
  return readiness.check(
    {
      serviceId: environment.serviceId,
      environment: environment.environment,
      ref,
      ...(commitSha ? { commitSha } : {}),
      trigger,
      ...(releaseNumber === undefined ? {} : { releaseNumber }),
      ...(rollbackOf === undefined ? {} : { rollbackOf }),
    },
    AbortSignal.timeout(preflightLimit),
  )
}

async function enqueueRequest(
  { store, settings, now }: Pick<AppDeps, 'store' | 'settings' | 'now'>,
  { service, environment, trigger, by, ref, ...wish }: Wish,
  requestId: string,
): Promise<EnqueueRequest> {
  const name = { serviceId: environment.serviceId, environment: environment.environment }
  const lastNumber = await store.environments.lastNumber(name.serviceId, name.environment)
  return {
    requestId,
    ...name,
    host: environment.host,
    trigger,
    ref,
    ...(wish.commitSha ? { commitSha: wish.commitSha } : {}),
    ...(wish.releaseNumber ? { releaseNumber: wish.releaseNumber } : {}),
    ...(wish.retryOf ? { retryOf: wish.retryOf } : {}),
    ...(wish.rollbackOf ? { rollbackOf: wish.rollbackOf } : {}),
    requestedBy: by,
    repoFullName: service.repoFullName,
    serviceUrl: serviceUrl(settings, name),
    queuedAt: now().toISOString(),
    numberFloor: lastNumber + 1,
    timings: { deployTimeout: defaults.deployTimeout + (environment.approvalTimeout ?? 0) },
    queue: queuePolicyFor(environment.queue, trigger),
    ...(environment.approvalTimeout && !takesRelease(trigger)
      ? { approvalTimeout: environment.approvalTimeout }
      : {}),
  }
}
