import { parseInstanceId, webInstance } from '../../contract/instance-id.ts'
import type { LiveRelease } from '../../ports/releases.ts'
import { newestFence, type Observation, type ObservedEnvironment } from './observation.ts'
import { keyOf, type EnvironmentKey, type Knowledge } from './standing.ts'

/** One thing to put right, and why. */
export type Repair = { why: string } & (
  | ({ kind: 'revive'; id: string; live: LiveRelease } & EnvironmentKey)
  | ({ kind: 'route' } & EnvironmentKey)
  | ({ kind: 'unroute' } & EnvironmentKey)
  | ({ kind: 'stop'; id: string } & EnvironmentKey)
  | ({ kind: 'discardJobs'; id: string } & EnvironmentKey)
  | ({ kind: 'discardRelease'; id: string; number: number } & EnvironmentKey)
  | ({ kind: 'forget' } & EnvironmentKey)
)

/** What is not as it should be. Pure: what it is wrong about can be shown by a list. */
export const differences = (seen: Observation, known: Knowledge): Repair[] => [
  ...seen.environments.flatMap((one) => revivals(one, seen, known)),
  ...routeRepairs(seen, known),
  ...strayInstances(seen, known),
  ...strayJobs(seen, known),
  ...strayReleases(seen, known),
]

/** What the store knows nothing of is not revived: its variables are not known either. */
function revivals(one: ObservedEnvironment, { instances }: Observation, known: Knowledge): Repair[] {
  const live = one.pointer?.live
  if (!live || known.isGone(one) || isUnsettled(live, known)) return []
  const wanted = [live.instance, ...one.workers.map((name) => `${live.instance}/${name}`)]
  return wanted.flatMap((id): Repair[] => {
    const state = instances.find((instance) => instance.id === id)?.state
    if (state === 'running' || state === 'backingOff') return []
    const why = state ? `it is live, but its processes are ${state}` : 'it is live, but has no processes'
    return [{ kind: 'revive', why, id, live, ...environmentOf(one) }]
  })
}

/** Unknown, or still in the hands of the deployment that switched to it: that one watches it. */
const isUnsettled = (live: LiveRelease, known: Knowledge): boolean =>
  ['underWay', 'unknown'].includes(known.standingOf(live.instance))

function routeRepairs({ routes, environments, instances }: Observation, known: Knowledge): Repair[] {
  if (!routes) return []
  const missing = environments.flatMap((one): Repair[] => {
    const live = one.pointer?.live
    if (!live || known.isGone(one)) return []
    const now = routes.find(({ route }) => route === keyOf(one))
    const fence = newestFence(one.pointer?.fence, now?.fence)
    // Whoever has the route in its hands, or has just sent it back, is left alone with it.
    if (!fence || known.standingOf(`${keyOf(one)}/${fence.deployment}`) === 'underWay') return []
    if (isUnsettled(live, known)) return []
    const port = instances.find(({ id }) => id === live.instance)?.port ?? live.port
    const why = !now
      ? 'the router does not know it'
      : now.target?.instance !== live.instance
        ? `it leads to ${now.target?.instance ?? 'nothing'}, but ${live.instance} is live`
        : now.target.port !== port
          ? `it leads to port ${now.target.port}, but ${live.instance} listens on ${port}`
          : undefined
    return why ? [{ kind: 'route', why, ...environmentOf(one) }] : []
  })
  const stray = routes.flatMap(({ route }): Repair[] => {
    const [serviceId = '', environment = ''] = route.split('/')
    const of = { serviceId, environment }
    return known.isGone(of) ? [{ kind: 'unroute', why: 'its environment was deleted', ...of }] : []
  })
  return [...missing, ...stray]
}

/** The release before the live one stays warm while a deployment is under way, so a busy environment is left alone. */
function strayInstances({ instances, environments }: Observation, known: Knowledge): Repair[] {
  return instances.flatMap(({ id }): Repair[] => {
    const of = parseInstanceId(id)
    if (!of || known.isBusy(of)) return []
    const { serviceId, environment } = of
    const standing = known.standingOf(id)
    if (standing === 'underWay' || standing === 'unknown') return []
    const pointer = environments.find((one) => keyOf(one) === keyOf(of))?.pointer
    if (pointer?.live?.instance === webInstance(id) && !known.isGone(of)) return []
    const why = `it is not live, and its deployment ${ending(standing)}`
    return [{ kind: 'stop', id, why, serviceId, environment }]
  })
}

function strayJobs({ jobs }: Observation, known: Knowledge): Repair[] {
  return jobs.flatMap((id): Repair[] => {
    const of = parseInstanceId(id)
    const standing = known.standingOf(id)
    if (!of || standing === 'underWay' || standing === 'unknown') return []
    return [{ kind: 'discardJobs', id, why: `its deployment ${ending(standing)}`, ...of }]
  })
}

function strayReleases({ environments }: Observation, known: Knowledge): Repair[] {
  return environments.flatMap((one): Repair[] => {
    const of = environmentOf(one)
    if (known.isGone(of)) return [{ kind: 'forget', why: 'the environment was deleted', ...of }]
    // A deployment that waits may be a rollback.
    if (known.isBusy(of)) return []
    return one.numbers.flatMap((number): Repair[] => {
      const id = `${keyOf(one)}/${number}`
      if (known.standingOf(id) !== 'ended' || one.pointer?.live?.releaseNumber === number) return []
      return [{ kind: 'discardRelease', id, number, why: 'its deployment ended without success', ...of }]
    })
  })
}

const ending = (standing: 'succeeded' | 'ended' | 'gone'): string =>
  standing === 'gone' ? 'was deleted' : 'has ended'

const environmentOf = ({ serviceId, environment }: EnvironmentKey): EnvironmentKey => ({
  serviceId,
  environment,
})
