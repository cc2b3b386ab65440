import { withNumber, type PreviewRule } from '../../contract/preview.ts'
import type { Caller } from '../../contract/token.ts'
import type { PullRequestFacts } from '../../ports/preview-store.ts'
import type { DeliveryResult, DeliveryRow, EnvironmentRow, WebhookTarget } from '../../ports/store.ts'
import { acceptDeployment } from '../accept-deployment.ts'
import type { AppDeps } from '../deps.ts'
import { findService } from '../find.ts'
import type { Metrics } from '../metrics.ts'
import { putEnvironment } from '../put-environment.ts'
import type { Removals } from './removals.ts'

type PreviewDeps = Pick<AppDeps, 'store' | 'secrets' | 'readiness' | 'lanes' | 'settings' | 'now'> &
  Pick<Metrics, 'accepted'> & { removals: Removals }

export type PreviewTarget = WebhookTarget & { preview: NonNullable<WebhookTarget['preview']> }

/**
 * Makes, deploys or removes the preview that a delivery is about. Safe to repeat. Its result stays pending while an
 * earlier life of the preview is being removed. @throws Refusal @throws LanesUnavailable
 */
export const carryOutPreview = (
  deps: PreviewDeps,
  delivery: DeliveryRow,
  target: PreviewTarget,
): Promise<DeliveryResult> =>
  target.preview.action === 'close' ? close(deps, delivery, target) : open(deps, delivery, target)

async function close(
  { store, removals }: Pick<PreviewDeps, 'store' | 'removals'>,
  { serviceId, receivedAt }: DeliveryRow,
  { environment, preview }: PreviewTarget,
): Promise<DeliveryResult> {
  const what = `Pull request ${preview.number} was closed`
  const wish = { serviceId, environment, receivedAt, request: preview, reason: `${what}.` }
  const state = await store.previews.close(wish)
  const result = { environment, deploymentId: null }
  switch (state) {
    case 'closing':
      removals.wake()
      return { ...result, outcome: 'pending', reason: `${what}: preview ${environment} is being removed.` }
    case 'removed':
      return { ...result, outcome: 'removed', reason: `${what}: preview ${environment} is removed.` }
    case 'absent':
      return { ...result, outcome: 'ignored', reason: `${what}: it had no preview.` }
    case 'newer':
      return {
        ...result,
        outcome: 'ignored',
        reason: `Pull request ${preview.number} was opened again since.`,
      }
  }
}

async function open(
  deps: PreviewDeps,
  delivery: DeliveryRow,
  target: PreviewTarget,
): Promise<DeliveryResult> {
  const { store } = deps
  const { serviceId, receivedAt } = delivery
  const { environment, commitSha, preview } = target
  const result = { environment, deploymentId: null }
  const ignored = (reason: string): DeliveryResult => ({ ...result, outcome: 'ignored', reason })
  // It may have been changed since the delivery came.
  const rule = await store.previews.rule(serviceId)
  if (!rule?.enabled) return ignored('Previews were turned off.')
  if (preview.fromFork && !rule.allowForks) return ignored('Previews of forks were turned off.')
  const state = await store.previews.ask({
    ...{ serviceId, environment, receivedAt, commitSha, rule },
    ...{ deliveryId: delivery.id, request: preview, again: delivery.redeliveryOf !== null },
  })
  switch (state) {
    case 'asked':
      return deploy(deps, delivery, target, rule)
    case 'closing':
      deps.removals.wake()
      return { ...result, outcome: 'pending', reason: `An earlier ${environment} is still being removed.` }
    case 'older':
      return ignored(`A later event told something else of pull request ${preview.number}.`)
    case 'told':
      return ignored(`${environment} has been told of commit ${commitSha.slice(0, 7)} already.`)
    case 'full':
      return {
        ...result,
        outcome: 'rejected',
        reason: `${rule.maxOpen} previews are open, as many as may be. Close one, or raise maxOpen.`,
      }
  }
}

async function deploy(
  deps: PreviewDeps,
  { id, serviceId, attempts }: DeliveryRow,
  { environment: name, ref, commitSha, preview }: PreviewTarget,
  rule: PreviewRule,
): Promise<DeliveryResult> {
  const service = await findService(deps, serviceId)
  const environment = await makeEnvironment(deps, serviceId, name, ref, preview, rule)
  await deps.store.environments.noteCommit(serviceId, name, commitSha)
  const wish = {
    ...{ service, environment, ref, by: 'webhook', inDoubt: attempts > 0 },
    trigger: 'webhook',
    // Some digits of it are no commit to be asked for: then it is the branch that is deployed.
    commitSha: commitSha.length < 40 ? undefined : commitSha,
  } as const
  const deployment = await acceptDeployment(deps, wish, `webhook:${id}:${name}`)
  const reason = `Preview ${name} of pull request ${preview.number}.`
  return { environment: name, deploymentId: deployment.id, outcome: 'deployed', reason }
}

/** What it inherits is looked up when it is deployed; of its base it takes only what `sluice.yaml` may say. */
async function makeEnvironment(
  deps: PreviewDeps,
  serviceId: string,
  name: string,
  branch: string,
  { number, fromFork }: PullRequestFacts,
  { variablesFrom, domain }: PreviewRule,
): Promise<EnvironmentRow> {
  const base =
    variablesFrom === null ? undefined : await deps.store.environments.find(serviceId, variablesFrom)
  const { environment: variables, ...config } = base?.config ?? {}
  const put = await putEnvironment(
    deps,
    serviceId,
    name,
    {
      ...{ branch, autoDeploy: true },
      domains: domain === null ? [] : [withNumber(domain, number)],
      // Those in the config may be meant for nobody else either.
      config: fromFork || !variables ? config : { ...config, environment: variables },
    },
    forgeOf(serviceId),
    { variablesFrom, secrets: !fromFork },
  )
  return put.row
}

/** Whoever reads the log of deliveries may know of this service only. */
const forgeOf = (serviceId: string): Caller => ({ id: 'webhook', name: 'webhook', role: 'admin', serviceId })
