import { deploymentId } from '../contract/names.ts'
import type { Fence } from '../contract/routing.ts'
import type { DeployInput, ReleaseRef } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'
import type { LiveRelease } from '../ports/releases.ts'
import { StaleFence } from '../ports/router.ts'
import { candidateSpec, instanceId } from './candidate.ts'
import { crashPoint } from './crash-point.ts'
import { attended } from './step.ts'
import { previousStamp, routeOf } from './switch-traffic.ts'

type RestorePorts = Pick<Ports, 'router' | 'runtime' | 'releases' | 'store' | 'secrets'>

/** Undo of the switch. */
export const restoreTraffic =
  (ports: RestorePorts) =>
  (input: DeployInput): Promise<void> =>
    attended(() => restore(ports, input))

/**
 * Sends traffic back to what was live before; pointer and store follow. Harmless when the switch never happened, when
 * a newer deployment has switched since, and the second time: each of the three is fenced on its own.
 */
export async function restore(ports: RestorePorts, input: ReleaseRef): Promise<void> {
  const { releases, store } = ports
  const noted = await releases.stampOf<{ live: LiveRelease | null }>(input, previousStamp(input.number))
  if (!noted) return
  const { fence, live } = await sendBack(ports, input, noted.live)
  crashPoint('route restored', input)
  try {
    await releases.setLive(input.serviceId, input.environment, fence, live)
  } catch (error) {
    if (error instanceof StaleFence) return
    throw error
  }
  crashPoint('pointer restored', input)
  await store.deployments.unmarkLive(input, live?.number ?? null)
}

/** Answers with which fence it was done, and where the earlier release listens now. */
async function sendBack(
  ports: RestorePorts,
  input: ReleaseRef,
  noted: LiveRelease | null,
): Promise<{ fence: Fence; live: LiveRelease | null }> {
  const route = routeOf(input)
  const now = await ports.router.find(route)
  const revision = now?.fence.deployment === input.number ? now.fence.revision : 0
  if (now?.target?.instance !== instanceId(input)) {
    const port = now?.target && now.target.instance === noted?.instance ? now.target.port : noted?.port
    return {
      fence: { deployment: input.number, revision: Math.max(1, revision) },
      live: noted && { ...noted, port: port ?? noted.port },
    }
  }
  const fence = { deployment: input.number, revision: revision + 1 }
  const live = noted && { ...noted, port: await portOf(ports, input, noted) }
  const target = live && { instance: live.instance, host: '127.0.0.1', port: live.port }
  await ports.router.change({ route, fence, hosts: now.hosts, target })
  return { fence, live }
}

/** It should be warm still. Should it have died meanwhile, it is brought back, perhaps on another port. */
async function portOf(
  ports: RestorePorts,
  { serviceId, environment }: ReleaseRef,
  { number, releaseNumber, instance, port }: LiveRelease,
): Promise<number> {
  const status = await ports.runtime.status(instance)
  if (status?.state === 'running' || status?.state === 'backingOff') return status.port
  const release = {
    serviceId,
    environment,
    number,
    releaseNumber,
    deploymentId: deploymentId(serviceId, environment, number),
  }
  try {
    return (await ports.runtime.start((await candidateSpec(ports, release)).spec)).port
  } catch {
    // Its variables or files are gone: then its old address is as good as any.
    return port
  }
}
