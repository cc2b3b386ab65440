import type { Deployment } from '../../contract/deployment.ts'
import type { Delivery, DeliveryResultView } from '../../contract/webhook.ts'
import type { DeliveryResult, DeliveryRow } from '../../ports/store.ts'
import type { AppDeps } from '../deps.ts'

/** A delivery as the API shows it: what has become of its deployments by now. */
export async function deliveryView({ store }: Pick<AppDeps, 'store'>, row: DeliveryRow): Promise<Delivery> {
  const results = await Promise.all(
    row.results.map(async (result) => {
      const { deploymentId } = result
      return resultView(result, deploymentId ? await store.deployments.find(deploymentId) : undefined)
    }),
  )
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

function resultView(result: DeliveryResult, deployment: Deployment | undefined): DeliveryResultView {
  const isSuperseded = deployment?.status === 'SUPERSEDED'
  const outcome = isSuperseded ? 'superseded' : result.outcome
  return { ...result, outcome, supersededBy: deployment?.supersededBy ?? null }
}

/** What matters most of several environments. */
const overall = (results: readonly DeliveryResultView[]): Delivery['outcome'] =>
  (['pending', 'deployed', 'rejected', 'superseded'] as const).find((wanted) =>
    results.some(({ outcome }) => outcome === wanted),
  ) ?? 'ignored'
