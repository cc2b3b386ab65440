import { defaults } from '../contract/defaults.ts'
import type { Deployment } from '../contract/deployment.ts'
import { deployWorkflowId, releaseId } from '../contract/names.ts'
import type { Trigger } from '../contract/vocabulary.ts'
import type { Enqueued, EnqueueRequest } from '../contract/workflows.ts'
import type { EnvironmentRow, NewDeployment, ServiceRow } from '../ports/store.ts'
import type { AppDeps } from './deps.ts'
import { findDeployment } from './find.ts'
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
}

/**
 * Checks that the deployment may start, puts it in its lane and records it. Nothing is started when a check fails.
 * @param enqueueId the same one again means the same deployment
 * @throws Refusal PreflightFailed with every finding. @throws LanesUnavailable
 */
export async function acceptDeployment(
  deps: Pick<AppDeps, 'store' | 'readiness' | 'lanes' | 'settings' | 'now'> & Pick<Metrics, 'accepted'>,
  wish: Wish,
  enqueueId: string,
): Promise<Deployment> {
  await requireReady(deps, wish)
  const request = await enqueueRequest(deps, wish, enqueueId)
  const enqueued = await deps.lanes.enqueue(request)
  // The lane's worker records it too; doing it here makes it readable as soon as it is accepted.
  await deps.store.deployments.recordQueued(queuedRow(request, enqueued))
  deps.accepted.inc({ trigger: wish.trigger })
  return findDeployment(deps, enqueued.deploymentId)
}

/** Where an accepted deployment can be followed. */
export const locationOf = ({ id }: Deployment) => ({ Location: `/v1/deployments/${id}` })

async function requireReady({ readiness }: Pick<AppDeps, 'readiness'>, wish: Wish): Promise<void> {
  const { environment, ref, commitSha, trigger, releaseNumber } = wish
  const findings = await readiness.check(
    {
      serviceId: environment.serviceId,
      environment: environment.environment,
      ref,
      ...(commitSha ? { commitSha } : {}),
      trigger,
      ...(releaseNumber === undefined ? {} : { releaseNumber }),
    },
    AbortSignal.timeout(preflightLimit),
  )
  if (findings.length === 0) return
  const sentences = findings.map(({ message }) => message).join(' ')
  throw new Refusal(422, 'PreflightFailed', `Nothing was started. ${sentences}`, { findings })
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
    timings: { deployTimeout: defaults.deployTimeout },
  }
}

function queuedRow(request: EnqueueRequest, { number, deploymentId }: Enqueued): NewDeployment {
  const { serviceId, environment, releaseNumber } = request
  return {
    id: deploymentId,
    number,
    serviceId,
    environment,
    trigger: request.trigger,
    ref: request.ref,
    commitSha: request.commitSha ?? null,
    repoFullName: request.repoFullName,
    serviceUrl: request.serviceUrl,
    retryOf: request.retryOf ?? null,
    rollbackOf: request.rollbackOf ?? null,
    releaseId: releaseNumber === undefined ? null : releaseId(serviceId, environment, releaseNumber),
    workflowId: deployWorkflowId(serviceId, environment, number),
    requestedBy: request.requestedBy,
    queuedAt: new Date(request.queuedAt),
  }
}
