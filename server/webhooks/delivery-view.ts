import type { Delivery, DeliveryResultView } from '../../contract/webhook.ts'
import type { DeliveryResult, DeliveryRow, Store } from '../../ports/store.ts'
import type { AppDeps } from '../deps.ts'

type Status = Awaited<ReturnType<Store['deployments']['statuses']>>[number]

/** Deliveries as the API shows them: with what has become of their deployments by now. */
export async function deliveryViews(
  { store }: Pick<AppDeps, 'store'>,
  rows: readonly DeliveryRow[],
): Promise<Delivery[]> {
  const ids = rows.flatMap(({ results }) => results.map(({ deploymentId }) => deploymentId))
  const statuses = await store.deployments.statuses(ids.filter((id) => id !== null))
  const byId = new Map(statuses.map((status) => [status.id, status]))
  return rows.map((row) => viewOf(row, byId))
}

export async function deliveryView(deps: Pick<AppDeps, 'store'>, row: DeliveryRow): Promise<Delivery> {
  return (await deliveryViews(deps, [row]))[0]!
}

function viewOf(row: DeliveryRow, statuses: Map<string, Status>): Delivery {
  const results = row.results.map((result) => resultView(result, statuses.get(result.deploymentId ?? '')))
  return {
    id: row.id,
    serviceId: row.serviceId,
    provider: row.provider,
    deliveryId: row.deliveryId,
    event: row.event,
    outcome: overall(results),
    results,
    redeliveryOf: row.redeliveryOf,
    receivedAt: row.receivedAt.toISOString(),
    settledAt: row.settledAt?.toISOString() ?? null,
  }
}

function resultView(result: DeliveryResult, deployment: Status | undefined): DeliveryResultView {
  const isSuperseded = deployment?.status === 'SUPERSEDED'
  const outcome = isSuperseded ? 'superseded' : result.outcome
  return { ...result, outcome, supersededBy: deployment?.supersededBy ?? null }
}

/** What matters most of several environments. */
const overall = (results: readonly DeliveryResultView[]): Delivery['outcome'] =>
  (['pending', 'deployed', 'removed', 'rejected', 'superseded'] as const).find((wanted) =>
    results.some(({ outcome }) => outcome === wanted),
  ) ?? 'ignored'
