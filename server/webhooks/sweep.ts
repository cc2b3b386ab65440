import { randomUUID } from 'node:crypto'
import { repositoryOf } from '../../ports/repository.ts'
import { SourceError } from '../../ports/source.ts'
import type { EnvironmentRow, ServiceRow } from '../../ports/store.ts'
import type { AppDeps } from '../deps.ts'
import { plainBranch } from './judge.ts'
import type { Outbox } from './outbox.ts'

type SweepDeps = Pick<AppDeps, 'store' | 'secrets' | 'source' | 'log'>

/** Seconds between two looks at the repository of a service, unless it has a number of its own; 0 is never. */
export const sweepSeconds = 300
/** Milliseconds between two looks for services whose time has come. */
const lookEvery = 15_000

/** Looks for pushes that no forge has told of, until the server stops. */
export function startSweep(deps: SweepDeps & Pick<AppDeps, 'now' | 'stopping'>, outbox: Outbox): void {
  const { store, now, stopping, log } = deps
  const swept = new Map<string, number>()
  let running = false
  const look = async () => {
    if (running) return
    running = true
    try {
      for (const service of await store.services.list()) {
        // What is pushed to Sluice itself cannot be missed.
        if (service.source.kind === 'push') continue
        const every = (service.sweepSeconds ?? sweepSeconds) * 1000
        if (stopping.aborted || every === 0) continue
        if (now().getTime() - (swept.get(service.serviceId) ?? 0) < every) continue
        swept.set(service.serviceId, now().getTime())
        if (await sweep(deps, service)) outbox.wake()
      }
    } catch (error) {
      if (!stopping.aborted) log.warn({ err: error }, 'repositories could not be looked at')
    } finally {
      running = false
    }
  }
  const timer = setInterval(() => void look(), lookEvery).unref()
  stopping.addEventListener('abort', () => clearInterval(timer), { once: true })
}

/** Looks at the branches of one service; answers whether a push was missed, which is then a delivery like others. */
export async function sweep(deps: SweepDeps, service: ServiceRow): Promise<boolean> {
  const environments = await deps.store.environments.list(service.serviceId)
  const missed: boolean[] = []
  for (const environment of environments) {
    if (environment.autoDeploy) missed.push(await sweepEnvironment(deps, service, environment))
  }
  return missed.includes(true)
}

async function sweepEnvironment(
  deps: SweepDeps,
  service: ServiceRow,
  { environment, branch, live }: EnvironmentRow,
): Promise<boolean> {
  const { store } = deps
  const { serviceId } = service
  const tip = await tipOf(deps, service, branch)
  if (tip === undefined) return false
  const seen = await store.environments.seenCommit(serviceId, environment)
  // Of a pull request Bitbucket tells the first digits only.
  if (seen !== null && tip.startsWith(seen)) return false
  const newest = await store.deployments.list({ serviceId, environment, includeArchived: true, limit: 1 })
  const isDeployed = live?.commitSha === tip || newest.data[0]?.commitSha === tip
  // What was there before anybody looked is no push, and what was deployed by hand needs no deployment.
  if (seen === null || isDeployed) {
    await store.environments.noteCommit(serviceId, environment, tip)
    return false
  }
  const { row } = await store.webhooks.record(
    {
      id: randomUUID(),
      serviceId,
      provider: 'sweep',
      deliveryId: `${environment} ${seen} ${tip}`,
      event: 'missed push',
      targets: [{ environment, ref: plainBranch(branch), commitSha: tip }],
      results: [{ environment, deploymentId: null, outcome: 'pending', reason: null }],
      redeliveryOf: null,
    },
    false,
  )
  return row.settledAt === null
}

/** undefined when the repository does not say: the next look may find out, and a deployment tells it to people. */
async function tipOf(
  { secrets, source, log }: SweepDeps,
  service: ServiceRow,
  branch: string,
): Promise<string | undefined> {
  try {
    return (await source.resolve(repositoryOf(secrets, service), `refs/heads/${plainBranch(branch)}`)).sha
  } catch (error) {
    if (error instanceof SourceError) return undefined
    log.warn({ err: error, serviceId: service.serviceId }, 'a repository could not be looked at')
    return undefined
  }
}
