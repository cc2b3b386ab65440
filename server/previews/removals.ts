import { setTimeout as sleep } from 'node:timers/promises'
import type { PreviewRow } from '../../ports/preview-store.ts'
import type { AppDeps } from '../deps.ts'
import { removeEnvironment } from '../remove-environment.ts'

type RemovalDeps = Pick<AppDeps, 'store' | 'lanes' | 'schedules' | 'log' | 'stopping'>

/** Removes previews whose end has come. */
export interface Removals {
  /** One may have been closed. */
  wake(): void
}

/** Milliseconds between two looks; while something is being removed, and when nobody wakes it. */
const lookEvery = { busy: 500, idle: 5_000 }

/** Milliseconds until a deployment is told again to end: its lane may have been lost before it heard. */
const askAgainAfter = 10_000

/** Looks at once, and until the server stops: what a server has not finished, the next one does. */
export function startRemovals(deps: RemovalDeps): Removals {
  const { store, stopping, log } = deps
  const underWay = new Set<string>()
  /** When which deployment was last told to end. */
  const canceled = new Map<string, number>()
  let woken = Promise.withResolvers<void>()

  const removeOne = async (row: PreviewRow) => {
    const name = `${row.serviceId}/${row.environment}`
    if (underWay.has(name)) return
    underWay.add(name)
    try {
      if (await removePreview(deps, row, canceled))
        log.info({ serviceId: row.serviceId, environment: row.environment }, 'a preview was removed')
    } catch (error) {
      if (!stopping.aborted) log.warn({ err: error, preview: name }, 'a preview is still to be removed')
    } finally {
      underWay.delete(name)
    }
  }

  const run = async () => {
    while (!stopping.aborted) {
      const mine = woken
      const due = await store.previews.due().catch((error: unknown) => {
        if (!stopping.aborted) log.warn({ err: error }, 'previews could not be looked at')
        return []
      })
      // Not waited for: one whose host is slow is in no other's way.
      for (const row of due) void removeOne(row)
      await Promise.race([mine.promise, pause(due.length > 0 ? lookEvery.busy : lookEvery.idle, stopping)])
      woken = Promise.withResolvers()
    }
  }
  void run()
  return { wake: () => woken.resolve() }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => {})
}

/** Answers whether it is gone; false while a deployment that was canceled still ends. Safe to repeat. */
async function removePreview(
  deps: RemovalDeps,
  row: PreviewRow,
  canceled: Map<string, number>,
): Promise<boolean> {
  const { store, lanes } = deps
  const { serviceId, environment, closedReason: reason } = row
  const unfinished = (await store.deployments.unfinished()).filter(
    (one) => one.serviceId === serviceId && one.environment === environment,
  )
  for (const { id: deploymentId } of unfinished) {
    if (Date.now() - (canceled.get(deploymentId) ?? 0) < askAgainAfter) continue
    const request = { by: 'previews', reason }
    await lanes.cancel({ deploymentId, serviceId, environment, ...request })
    await store.deployments.cancelRequested(deploymentId, request)
    canceled.set(deploymentId, Date.now())
  }
  if (unfinished.length > 0) return false
  const found = await store.environments.find(serviceId, environment)
  if (!found?.preview) return false
  await removeEnvironment(deps, found)
  for (const id of canceled.keys()) if (id.startsWith(`${serviceId}.${environment}.`)) canceled.delete(id)
  return true
}
