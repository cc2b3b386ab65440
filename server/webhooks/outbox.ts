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
/** Milliseconds until a delivery is tried again; twice as long each time. */
const retryAfter = {
  /** It could not be started. */
  failed: { first: 2_000, last: 60_000 },
  /** A preview is not gone yet. */
  waiting: { first: 250, last: 5_000 },
}
/**
 * Milliseconds for which a push that cannot be started holds back later ones to its environment. It is tried again
 * without end, so one that never can be started would hold them back for ever. Once a later one is deployed instead, it
 * is ignored.
 */
const patience = 60 * 60_000
/** Deliveries of one look. */
const batch = 50
/** Days that a settled delivery is kept in the log. */
const keptDays = 30

/** Looks at once, and until the server stops. What is committed is deployed exactly once: the lane knows its id. */
export function startOutbox(deps: OutboxDeps): Outbox {
  const { store, now, log, stopping } = deps
  /** Services whose deliveries are being carried out. */
  const underWay = new Set<string>()
  let woken = Promise.withResolvers<void>()
  const wake = () => woken.resolve()

  const warn = (error: unknown) => {
    if (!stopping.aborted) log.warn({ err: error }, 'deliveries could not be looked at')
  }

  /** In the order in which they came, so that the newest push gets the highest number. */
  const carryOutLine = async (serviceId: string, line: DeliveryRow[]) => {
    underWay.add(serviceId)
    try {
      for (const delivery of line) {
        if (stopping.aborted) break
        const again = await carryOut(deps, delivery)
        if (again) void pause(again.afterMs, stopping).then(wake)
        // The store knows which of the others need not wait for it.
        if (again?.failed) break
      }
    } catch (error) {
      warn(error)
      // It may go wrong at once again.
      await pause(lookEvery, stopping)
    }
    underWay.delete(serviceId)
    // More may have come meanwhile.
    wake()
  }

  /** Answers whether there may be more. */
  const look = async (): Promise<boolean> => {
    const except = [...underWay]
    const pending = await store.webhooks.pending({ limit: batch, except, patienceMs: patience })
    // Not waited for: a service whose preflight is slow is in no other's way.
    for (const [serviceId, line] of Map.groupBy(pending, (delivery) => delivery.serviceId))
      void carryOutLine(serviceId, line)
    if (pending.length === 0)
      await store.webhooks.forget(new Date(now().getTime() - keptDays * 24 * 3600 * 1000))
    return pending.length === batch
  }

  const run = async () => {
    while (!stopping.aborted) {
      const mine = woken
      const busy = await look().catch((error: unknown) => {
        warn(error)
        return false
      })
      if (busy) continue
      await Promise.race([mine.promise, pause(lookEvery, stopping)])
      woken = Promise.withResolvers()
    }
  }
  void run()
  return { wake }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => {})
}

/** When it is to be tried again, and whether because it failed; undefined when it is settled. */
type Again = { afterMs: number; failed: boolean } | undefined

async function carryOut(deps: OutboxDeps, delivery: DeliveryRow): Promise<Again> {
  const { webhooks } = deps.store
  await webhooks.attempted(delivery.id)
  const results: DeliveryResult[] = []
  for (const result of delivery.results) {
    results.push(result.outcome === 'pending' ? await resultOf(deps, delivery, result) : result)
  }
  const left = results.filter(({ outcome }) => outcome === 'pending')
  // What waits for a preview to be gone says so.
  const failed = left.some(({ reason }) => reason === null)
  const { first, last } = retryAfter[failed ? 'failed' : 'waiting']
  const afterMs = Math.min(first * 2 ** Math.min(delivery.attempts, 10), last)
  await webhooks.settle(delivery.id, results, afterMs)
  return left.length > 0 ? { afterMs, failed } : undefined
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
    if (await deps.store.webhooks.isOvertaken(delivery, target.environment))
      return {
        ...result,
        outcome: 'ignored',
        reason: 'A later push was deployed before it could be started.',
      }
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
