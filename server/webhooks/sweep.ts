import { randomUUID } from 'node:crypto'
import { repositoryOf } from '../../ports/repository.ts'
import { SourceError } from '../../ports/source.ts'
import type { EnvironmentRow, ServiceRow } from '../../ports/store.ts'
import type { AppDeps } from '../deps.ts'
import { plainBranch } from './judge.ts'
import type { Outbox } from './outbox.ts'

type SweepDeps = Pick<AppDeps, 'store' | 'secrets' | 'source' | 'log' | 'now'>

/** Seconds between two looks at the repository of a service, unless it has a number of its own; 0 is never. */
export const sweepSeconds = 300
/** Milliseconds between two looks for services whose time has come. */
const lookEvery = 15_000
/** Milliseconds that a forge has to tell of a push before it counts as missed. */
const patience = 60_000

/** Commits that were found on branches and that no delivery has told of yet. */
export class Untold {
  readonly #patience: number
  #since = new Map<string, { tip: string; at: number }>()

  constructor(patienceMs: number) {
    this.#patience = patienceMs
  }

  /** Whether it has been there for so long that nobody is going to tell of it. */
  isMissed({ serviceId, environment }: EnvironmentRow, tip: string, now: Date): boolean {
    const key = `${serviceId}/${environment}`
    const known = this.#since.get(key)
    const since = known?.tip === tip ? known.at : now.getTime()
    this.#since.set(key, { tip, at: since })
    return now.getTime() - since >= this.#patience
  }

  told({ serviceId, environment }: EnvironmentRow): void {
    this.#since.delete(`${serviceId}/${environment}`)
  }

  has(serviceId: string): boolean {
    return this.#keysOf(serviceId).length > 0
  }

  /** An environment may be deleted, or be deployed by hand from now on. */
  forgetOthers(serviceId: string, kept: EnvironmentRow[]): void {
    const keep = new Set(kept.map(({ environment }) => `${serviceId}/${environment}`))
    for (const key of this.#keysOf(serviceId)) if (!keep.has(key)) this.#since.delete(key)
  }

  #keysOf(serviceId: string): string[] {
    return [...this.#since.keys()].filter((key) => key.startsWith(`${serviceId}/`))
  }
}

/** Looks for pushes that no forge has told of, until the server stops. */
export function startSweep(deps: SweepDeps & Pick<AppDeps, 'stopping'>, outbox: Outbox): void {
  const { store, now, stopping, log } = deps
  const swept = new Map<string, number>()
  const untold = new Untold(patience)
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
        const pause = untold.has(service.serviceId) ? Math.min(patience, every) : every
        if (now().getTime() - (swept.get(service.serviceId) ?? 0) < pause) continue
        swept.set(service.serviceId, now().getTime())
        if (await sweep(deps, service, untold)) outbox.wake()
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
export async function sweep(deps: SweepDeps, service: ServiceRow, untold: Untold): Promise<boolean> {
  const environments = await deps.store.environments.list(service.serviceId)
  const swept = environments.filter(({ autoDeploy }) => autoDeploy)
  untold.forgetOthers(service.serviceId, swept)
  const missed: boolean[] = []
  for (const environment of swept) missed.push(await sweepEnvironment(deps, service, environment, untold))
  return missed.includes(true)
}

async function sweepEnvironment(
  deps: SweepDeps,
  service: ServiceRow,
  row: EnvironmentRow,
  untold: Untold,
): Promise<boolean> {
  const { store, now } = deps
  const { serviceId } = service
  const { environment, branch, live } = row
  const tip = await tipOf(deps, service, branch)
  if (tip === undefined) return false
  const seen = await store.environments.seenCommit(serviceId, environment)
  // Of a pull request Bitbucket tells the first digits only.
  if (seen !== null && tip.startsWith(seen)) {
    untold.told(row)
    return false
  }
  const newest = await store.deployments.list({ serviceId, environment, includeArchived: true, limit: 1 })
  const isDeployed = live?.commitSha === tip || newest.data[0]?.commitSha === tip
  // What was there before anybody looked is no push, and what was deployed by hand needs no deployment.
  if (seen === null || isDeployed) {
    untold.told(row)
    await store.environments.noteCommit(serviceId, environment, tip)
    return false
  }
  // Word of it may be on its way, behind that of pushes before it.
  if (!untold.isMissed(row, tip, now())) return false
  untold.told(row)
  const { row: delivery } = await store.webhooks.record(
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
  return delivery.settledAt === null
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
