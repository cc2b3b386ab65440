import { setTimeout as sleep } from 'node:timers/promises'
import type { DeliveryResult, DeliveryRow, WebhookTarget } from '../../ports/store.ts'
import { acceptDeployment } from '../accept-deployment.ts'
import type { AppDeps } from '../deps.ts'
import { findEnvironment, findService } from '../find.ts'
import type { Metrics } from '../metrics.ts'
import { carryOutPreview } from '../previews/carry-out.ts'
import type { Removals } from '../previews/removals.ts'
import { Refusal } from '../refusal.ts'

type OutboxDeps = Pick<
  AppDeps,
  'store' | 'secrets' | 'readiness' | 'lanes' | 'settings' | 'now' | 'log' | 'stopping'
> &
  Pick<Metrics, 'accepted'> & { removals: Removals }

/** Starts the deployments of recorded deliveries, after the forge has been answered. */
export interface Outbox {
  /** There may be something new. */
  wake(): void
}

/** Milliseconds between two looks when nobody wakes it: for what an earlier server has left. */
const lookEvery = 5_000
/** Milliseconds until a delivery that could not be started is tried again; twice as long each time. */
const retryAfter = { first: 2_000, last: 60_000 }
/** Deliveries of one look. */
const batch = 50
/** Days that a settled delivery is kept in the log. */
const keptDays = 30

/** Looks at once, and until the server stops. What is committed is deployed exactly once: the lane knows its id. */
export function startOutbox(deps: OutboxDeps): Outbox {
  const { stopping } = deps
  let woken = Promise.withResolvers<void>()
  const run = async () => {
    while (!stopping.aborted) {
      const mine = woken
      const busy = await look(deps).catch((error: unknown) => {
        if (!stopping.aborted) deps.log.warn({ err: error }, 'deliveries could not be looked at')
        return false
      })
      if (busy) continue
      await Promise.race([mine.promise, pause(lookEvery, stopping)])
      woken = Promise.withResolvers()
    }
  }
  void run()
  return { wake: () => woken.resolve() }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => {})
}

/** Answers whether there may be more. */
async function look(deps: OutboxDeps): Promise<boolean> {
  const { store, now, stopping } = deps
  const pending = await store.webhooks.pending(batch)
  const services = Map.groupBy(pending, ({ serviceId }) => serviceId)
  // In the order in which they came, so that the newest push gets the highest number.
  const lines = [...services.values()].map(async (line) => {
    for (const delivery of line) if (!stopping.aborted) await carryOut(deps, delivery)
  })
  await Promise.all(lines)
  if (pending.length === 0)
    await store.webhooks.forget(new Date(now().getTime() - keptDays * 24 * 3600 * 1000))
  return pending.length === batch
}

async function carryOut(deps: OutboxDeps, delivery: DeliveryRow): Promise<void> {
  const { webhooks } = deps.store
  await webhooks.attempted(delivery.id)
  const results: DeliveryResult[] = []
  for (const result of delivery.results) {
    results.push(result.outcome === 'pending' ? await resultOf(deps, delivery, result) : result)
  }
  const backoff = Math.min(retryAfter.first * 2 ** Math.min(delivery.attempts, 10), retryAfter.last)
  // What waits for a preview to be gone says so, and is looked at as soon as that wakes this loop.
  const waits = results.every(({ outcome, reason }) => outcome !== 'pending' || reason !== null)
  await webhooks.settle(delivery.id, results, waits ? 0 : backoff)
}

async function resultOf(
  deps: OutboxDeps,
  delivery: DeliveryRow,
  result: DeliveryResult,
): Promise<DeliveryResult> {
  const target = delivery.targets.find(({ environment }) => environment === result.environment)!
  try {
    const { preview } = target
    if (preview) return await carryOutPreview(deps, delivery, { ...target, preview })
    return { ...result, deploymentId: await startDeployment(deps, delivery, target), outcome: 'deployed' }
  } catch (error) {
    if (error instanceof Refusal && error.status < 500)
      return { ...result, outcome: 'rejected', reason: `${error.code}: ${error.message}` }
    const { id, serviceId } = delivery
    deps.log.warn(
      { err: error, delivery: id, serviceId },
      'a delivery waits: its deployment cannot be started',
    )
    return result
  }
}

async function startDeployment(
  deps: OutboxDeps,
  { id, serviceId, attempts }: DeliveryRow,
  target: WebhookTarget,
): Promise<string> {
  const service = await findService(deps, serviceId)
  const environment = await findEnvironment(deps, { serviceId, environment: target.environment })
  const { ref, commitSha } = target
  const wish = {
    service,
    environment,
    trigger: 'webhook',
    by: 'webhook',
    ref,
    commitSha,
    inDoubt: attempts > 0,
  } as const
  const deployment = await acceptDeployment(deps, wish, `webhook:${id}:${target.environment}`)
  return deployment.id
}
