import { candidateSpec } from '../../activities/candidate.ts'
import { hostsOf, routeOf } from '../../activities/switch-traffic.ts'
import { workerSpecs } from '../../activities/workers.ts'
import { defaults } from '../../contract/defaults.ts'
import { isWeb, parseInstanceId } from '../../contract/instance-id.ts'
import { deploymentId, releaseId } from '../../contract/names.ts'
import type { Ports } from '../../ports/index.ts'
import type { LiveRelease } from '../../ports/releases.ts'
import { StaleFence } from '../../ports/router.ts'
import type { Repair } from './difference.ts'
import { newestFence } from './observation.ts'
import type { EnvironmentKey } from './standing.ts'

/** What a comparison of the host with the store works with. */
export type HostPorts = Pick<Ports, 'runtime' | 'router' | 'jobs' | 'releases' | 'store' | 'secrets'>

type Of<Kind extends Repair['kind']> = Extract<Repair, { kind: Kind }>

/**
 * Carries one repair out. Everything in it is harmless when an activity does the same, or the opposite, at the same
 * moment: routes and pointer are fenced, and acts on one instance come one after the other.
 */
export async function carryOut(ports: HostPorts, repair: Repair): Promise<void> {
  switch (repair.kind) {
    case 'revive':
      return revive(ports, repair)
    case 'route':
      return pointRoute(ports, repair)
    case 'unroute':
      return unroute(ports, repair)
    case 'stop':
      return stop(ports, repair)
    case 'discardJobs':
      return ports.jobs.discard(`${repair.id}/`)
    case 'discardRelease':
      return discardRelease(ports, repair)
    case 'forget':
      return ports.releases.forget(repair.serviceId, repair.environment)
  }
}

async function revive(ports: HostPorts, { id, live, ...of }: Of<'revive'>): Promise<void> {
  const spec = () => specIfLive(ports, of, live, id)
  if (await ports.runtime.revive(id, spec)) await pointRoute(ports, of)
}

async function specIfLive(
  ports: HostPorts,
  { serviceId, environment }: EnvironmentKey,
  live: LiveRelease,
  wanted: string,
) {
  const now = await ports.releases.live(serviceId, environment)
  if (now?.instance !== live.instance) return undefined
  const { number, releaseNumber } = live
  const id = deploymentId(serviceId, environment, number)
  const release = { serviceId, environment, number, releaseNumber, deploymentId: id }
  const { spec, plan } = await candidateSpec(ports, release)
  return [spec, ...workerSpecs(spec, plan)].find((one) => one.id === wanted)
}

/**
 * The route of a live instance leads to where it listens. Fenced as one more revision of the last change, so that a
 * deployment that goes on at the same time wins.
 */
export async function pointRoute(
  ports: Pick<Ports, 'runtime' | 'router' | 'releases' | 'store'>,
  { serviceId, environment }: EnvironmentKey,
): Promise<void> {
  const { runtime, router, releases } = ports
  const pointer = await releases.pointer(serviceId, environment)
  const live = pointer?.live
  const status = live && (await runtime.status(live.instance))
  if (!live || !status) return
  const { port } = status
  const route = routeOf({ serviceId, environment })
  const now = await router.find(route)
  const isRight = now?.target?.instance === live.instance && now.target.port === port
  if (isRight && live.port === port) return
  const newest = newestFence(pointer.fence, now?.fence)!
  const fence = { deployment: newest.deployment, revision: newest.revision + 1 }
  const hosts = now?.hosts ?? (await hostsOf(ports, { serviceId, environment }))
  try {
    await router.change({ route, fence, hosts, target: { instance: live.instance, host: '127.0.0.1', port } })
    await releases.setLive(serviceId, environment, fence, { ...live, port })
  } catch (error) {
    if (!(error instanceof StaleFence)) throw error
  }
}

async function unroute({ router }: HostPorts, of: Of<'unroute'>): Promise<void> {
  const now = await router.find(routeOf(of))
  if (!now) return
  const { deployment, revision } = now.fence
  await router.remove(routeOf(of), { deployment, revision: revision + 1 })
}

/** What is still in flight from before is finished first. */
async function stop({ router, runtime, store }: HostPorts, { id, ...of }: Of<'stop'>): Promise<void> {
  const { number } = parseInstanceId(id)!
  const deployment = await store.deployments.find(deploymentId(of.serviceId, of.environment, number))
  const release = deployment?.releaseId ? await store.releases.find(deployment.releaseId) : undefined
  const drainMs = release?.plan.drainMs ?? defaults.drain
  if (isWeb(id)) await router.drain(id, drainMs)
  await runtime.stop(id, drainMs)
}

async function discardRelease(
  { releases, store }: HostPorts,
  { serviceId, environment, number }: Of<'discardRelease'>,
): Promise<void> {
  const id = deploymentId(serviceId, environment, number)
  await releases.discard({ serviceId, environment, number, releaseNumber: number, deploymentId: id })
  await store.releases.gone([releaseId(serviceId, environment, number)])
}
