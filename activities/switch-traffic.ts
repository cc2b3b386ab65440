import { routeHost } from '../contract/names.ts'
import type { DeployInput, SwitchReport } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'
import type { LiveRelease } from '../ports/releases.ts'
import { awaitHealthy, instanceId } from './candidate.ts'
import { crashPoint } from './crash-point.ts'
import { releaseContext, type ReleaseContext } from './release-context.ts'
import { asStep } from './step.ts'
import { expected } from './typed-failure.ts'
import { bootWorkers, endOlderWorkers } from './workers.ts'

export const routeOf = ({ serviceId, environment }: { serviceId: string; environment: string }) =>
  `${serviceId}/${environment}`

/** What was live before this deployment; the undo goes back to it. */
export const previousStamp = (number: number) => `previous-${number}`

/**
 * The point of no return. The order makes a crash between any two lines harmless: what was live is noted first, the
 * workers boot beside the old ones (should one of them fail, nothing has changed yet), the router is changed, then the
 * pointer and the store follow; each is fenced by the deployment number and does nothing the second time. Only then do
 * the old workers end.
 */
export const switchTraffic = (
  ports: Pick<Ports, 'router' | 'runtime' | 'releases' | 'store' | 'secrets'>,
  { soakMs: standard }: { soakMs: number },
) =>
  asStep('switch', ports, async (input, signal): Promise<SwitchReport> => {
    const { router, runtime, releases, store } = ports
    const fence = { deployment: input.number, revision: 0 }
    const candidate = await runtime.status(instanceId(input))
    if (!candidate) throw expected('SwitchFailed', 'The candidate is not running any more.')
    const [hosts, { plan }] = await Promise.all([
      hostsOf(ports, input),
      lookOnceMore(ports, input, signal),
      notePrevious(ports, input),
    ])
    const soakMs = plan.soakMs ?? standard
    await crashPoint('noted', input)
    const workers = await bootWorkers(ports, input, plan, signal)
    await crashPoint('workers booted', input)
    await router.change({
      route: routeOf(input),
      fence,
      hosts,
      target: { instance: candidate.id, host: '127.0.0.1', port: candidate.port },
    })
    await crashPoint('routed', input)
    await releases.setLive(input.serviceId, input.environment, fence, {
      number: input.number,
      releaseNumber: input.releaseNumber,
      instance: candidate.id,
      port: candidate.port,
    })
    await crashPoint('pointed', input)
    await store.deployments.markLive(input, soakMs > 0 ? `watched for ${soakMs / 1000} s` : null)
    endOlderWorkers(ports, input, plan.drainMs).catch(() => {})
    const beside = workers.length > 0 ? `, with ${workers.join(', ')}` : ''
    return { detail: `live on ${hosts.join(', ')}${beside}`, soakMs, goesOn: soakMs > 0 }
  })

/** Much may have passed since it was validated: an approval, the migration. A reload has just looked itself. */
async function lookOnceMore(
  ports: Pick<Ports, 'runtime' | 'releases' | 'store' | 'secrets'>,
  input: DeployInput,
  signal: AbortSignal,
): Promise<ReleaseContext> {
  const context = await releaseContext(ports, input)
  const { plan, secretValues } = context
  if (plan.reload) return context
  const live = await ports.releases.live(input.serviceId, input.environment)
  if (live?.number !== input.number)
    await awaitHealthy(ports, input, { plan, secretValues, signal, settleMs: 0 })
  return context
}

async function notePrevious({ releases }: Pick<Ports, 'releases'>, input: DeployInput): Promise<void> {
  const name = previousStamp(input.number)
  if (await releases.stampOf(input, name)) return
  const live = await releases.live(input.serviceId, input.environment)
  // A late attempt must not note this deployment itself as what was before it.
  if (live?.number === input.number) return
  await releases.stamp(input, name, { live: live ?? null } satisfies { live: LiveRelease | null })
}

/** Names under which an environment is served. */
export async function hostsOf(
  { store }: Pick<Ports, 'store'>,
  { serviceId, environment }: { serviceId: string; environment: string },
): Promise<string[]> {
  const row = await store.environments.find(serviceId, environment)
  return [routeHost(serviceId, environment), ...(row?.domains ?? [])]
}
