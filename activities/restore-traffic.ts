import { deploymentId } from '../contract/names.ts'
import type { Fence } from '../contract/routing.ts'
import type { DeployInput, ReleaseRef } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'
import type { LiveRelease } from '../ports/releases.ts'
import { StaleFence } from '../ports/router.ts'
import type { InstanceSpec } from '../ports/runtime.ts'
import { candidateSpec, instanceId } from './candidate.ts'
import { crashPoint } from './crash-point.ts'
import { asUndo } from './step.ts'
import { previousStamp, routeOf } from './switch-traffic.ts'
import { reviveWorkers, stopWorkers, workerSpecs } from './workers.ts'

type RestorePorts = Pick<Ports, 'router' | 'runtime' | 'releases' | 'store' | 'secrets'>

/** Undo of the switch. */
export const restoreTraffic = (ports: RestorePorts) =>
  asUndo('restore', (input: DeployInput) => restore(ports, input))

/** Milliseconds for the workers of the release that was live for a moment: those before them wait. */
const workerGrace = 5000

/**
 * Sends traffic back to what was live before; pointer, store and workers follow. Harmless when the switch never happened, when
 * a newer deployment has switched since, and the second time: each of the three is fenced on its own. All three get
 * the fence even when the switch never took effect: an agent that was paused right before it would otherwise send
 * traffic to a release that has been discarded meanwhile.
 */
export async function restore(ports: RestorePorts, input: ReleaseRef): Promise<void> {
  const { releases, store } = ports
  const noted = await releases.stampOf<{ live: LiveRelease | null }>(input, previousStamp(input.number))
  const before = noted ? noted.live : ((await releases.live(input.serviceId, input.environment)) ?? null)
  try {
    const { fence, live } = await sendBack(ports, input, before)
    await crashPoint('route restored', input)
    await releases.setLive(input.serviceId, input.environment, fence, live)
    await crashPoint('pointer restored', input)
    await store.deployments.unmarkLive(input, live?.number ?? null)
    await stopWorkers(ports.runtime, instanceId(input), workerGrace)
    if (live) await reviveWorkers(ports, input, live, (id) => workerIfLive(ports, input, live, id))
  } catch (error) {
    if (!(error instanceof StaleFence)) throw error
  }
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
    const closing = { deployment: input.number, revision: Math.max(1, revision) }
    if (now) await ports.router.change({ route, fence: closing, hosts: now.hosts, target: now.target })
    else await ports.router.remove(route, closing)
    const port = now?.target && now.target.instance === noted?.instance ? now.target.port : noted?.port
    return {
      fence: closing,
      live: noted && { ...noted, port: port ?? noted.port },
    }
  }
  const fence = { deployment: input.number, revision: revision + 1 }
  const live = noted && { ...noted, port: await portOf(ports, input, noted) }
  const target = live && { instance: live.instance, host: '127.0.0.1', port: live.port }
  await ports.router.change({ route, fence, hosts: now.hosts, target })
  return { fence, live }
}

/** Undefined when something else has become live meanwhile, or it cannot be had any more. */
async function workerIfLive(
  ports: RestorePorts,
  { serviceId, environment }: ReleaseRef,
  live: LiveRelease,
  id: string,
): Promise<InstanceSpec | undefined> {
  const now = await ports.releases.live(serviceId, environment)
  if (now?.instance !== live.instance) return undefined
  const { number, releaseNumber } = live
  const release = { serviceId, environment, number, releaseNumber }
  const { spec, plan } = await candidateSpec(ports, {
    ...release,
    deploymentId: deploymentId(serviceId, environment, number),
  })
  return workerSpecs(spec, plan).find((one) => one.id === id)
}

/** It should be warm still. Should it have died meanwhile, it is brought back, perhaps on another port. */
async function portOf(
  ports: RestorePorts,
  input: ReleaseRef,
  { number, releaseNumber, instance, port }: LiveRelease,
): Promise<number> {
  const { serviceId, environment } = input
  const status = await ports.runtime.status(instance)
  if (status?.state === 'running' || status?.state === 'backingOff') return status.port
  const release = {
    serviceId,
    environment,
    number,
    releaseNumber,
    deploymentId: deploymentId(serviceId, environment, number),
  }
  const spec = async () => {
    const live = await ports.releases.live(serviceId, environment)
    // This attempt is a late one, and what it would bring back was retired.
    if (live && live.number > input.number) return undefined
    return (await candidateSpec(ports, release)).spec
  }
  try {
    return (await ports.runtime.revive(instance, spec))?.port ?? port
  } catch {
    // Its variables or files are gone: then its old address is as good as any.
    return port
  }
}
