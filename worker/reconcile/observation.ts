import type { Fence, RouteState } from '../../contract/routing.ts'
import type { Ports } from '../../ports/index.ts'
import type { Pointed } from '../../ports/releases.ts'
import type { InstanceStatus } from '../../ports/runtime.ts'
import { keptWorkers } from '../../activities/kept-spec.ts'
import { webInstance } from '../../contract/instance-id.ts'
import { environmentIn, keyOf, type EnvironmentKey } from './standing.ts'

/** What there is on this host, of this home alone: each part is asked for what it knows to be its own. */
export interface Observation {
  instances: InstanceStatus[]
  /** Undefined while the router does not answer. */
  routes: RouteState[] | undefined
  /** Deployments that have jobs here. */
  jobs: string[]
  environments: ObservedEnvironment[]
}

export interface ObservedEnvironment extends EnvironmentKey {
  pointer: Pointed | undefined
  /** Names of the processes that should run beside the live one. */
  workers: string[]
  /** Of the release folders. */
  numbers: number[]
}

/** Control groups of instances and jobs will be one more list here: they carry the same ids. */
export async function observe({
  runtime,
  router,
  jobs,
  releases,
}: Pick<Ports, 'runtime' | 'router' | 'jobs' | 'releases'>): Promise<Observation> {
  const environments = (await releases.environments()).map(async ({ serviceId, environment }) => {
    const pointer = await releases.pointer(serviceId, environment)
    const of = { serviceId, environment }
    const workers = pointer?.live ? await keptWorkers({ releases }, of, pointer.live) : []
    return { ...of, pointer, workers, numbers: await releases.list(serviceId, environment) }
  })
  return {
    environments: await Promise.all(environments),
    instances: await runtime.list(),
    routes: await router.list().catch(() => undefined),
    jobs: await jobs.list(),
  }
}

/** The part that is about one environment. */
export function within(seen: Observation, of: EnvironmentKey): Observation {
  const isHere = (id: string) => `${id}/`.startsWith(`${keyOf(of)}/`)
  return {
    instances: seen.instances.filter(({ id }) => isHere(id)),
    routes: seen.routes?.filter(({ route }) => isHere(route)),
    jobs: seen.jobs.filter(isHere),
    environments: seen.environments.filter((one) => keyOf(one) === keyOf(of)),
  }
}

/** Deployments (as `<service>/<environment>/<number>`) and environments of which something was seen. */
export function mentioned(seen: Observation): { ids: Set<string>; environments: EnvironmentKey[] } {
  const routes = seen.routes ?? []
  const ids = new Set([
    ...seen.instances.map(({ id }) => webInstance(id)),
    ...seen.jobs,
    ...routes.map(({ route, fence }) => `${route}/${fence.deployment}`),
    ...seen.environments.flatMap((one) => [
      ...one.numbers.map((number) => `${keyOf(one)}/${number}`),
      ...(one.pointer ? [`${keyOf(one)}/${one.pointer.fence.deployment}`] : []),
      ...(one.pointer?.live ? [one.pointer.live.instance] : []),
    ]),
  ])
  const named = [...ids, ...routes.map(({ route }) => route)].map(environmentIn)
  return { ids, environments: [...seen.environments, ...named.filter((one) => one !== undefined)] }
}

/** The newest of the fences that the route and the pointer were moved with: a repair has to come after both. */
export function newestFence(...fences: (Fence | undefined)[]): Fence | undefined {
  const known = fences.filter((fence) => fence !== undefined)
  return known.toSorted((a, b) => a.deployment - b.deployment || a.revision - b.revision).at(-1)
}
