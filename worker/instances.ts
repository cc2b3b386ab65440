import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { candidateSpec } from '../activities/candidate.ts'
import { keptSpec, keptWorkers } from '../activities/kept-spec.ts'
import { routeOf } from '../activities/switch-traffic.ts'
import { workerSpecs } from '../activities/workers.ts'
import { isWeb, parseInstanceId } from '../contract/instance-id.ts'
import { deploymentId, parseReleaseNumber } from '../contract/names.ts'
import { isFinal } from '../contract/vocabulary.ts'
import type { Ports } from '../ports/index.ts'
import type { LiveRelease } from '../ports/releases.ts'
import { StaleFence } from '../ports/router.ts'
import type { InstanceSpec, Runtime } from '../ports/runtime.ts'
import { newestFence } from './reconcile/observation.ts'
import type { EnvironmentKey } from './reconcile/standing.ts'

type HostAlone = Pick<Ports, 'runtime' | 'releases' | 'secrets' | 'router'>

/**
 * Brings back what is live from the host's own files alone: after a reboot services are back before the store and
 * Temporal are. After a restart of the agent all of it still runs, and nothing is done.
 */
export async function restoreLive(host: HostAlone, log: Logger): Promise<void> {
  const environments = await host.releases.environments()
  await Promise.all(
    environments.map(async (of) => {
      const live = await host.releases.live(of.serviceId, of.environment)
      if (!live) return
      const workers = await keptWorkers(host, of, live)
      const ids = [live.instance, ...workers.map((name) => `${live.instance}/${name}`)]
      await Promise.all(ids.map((id) => restore(host, log, { of, live, id })))
    }),
  )
}

async function restore(
  host: HostAlone,
  log: Logger,
  { of, live, id }: { of: EnvironmentKey; live: LiveRelease; id: string },
): Promise<void> {
  try {
    const one = await host.runtime.revive(id, () => specIfLive(host, of, live, id))
    if (!one) return
    log.info({ id, port: one.port }, one.revived ? 'brought back' : 'runs')
    if (isWeb(id) && one.port !== live.port) await followPort(host, of, live, one.port)
  } catch (error) {
    // The first comparison with the store tries again.
    log.warn({ id, error: String(error) }, 'could not be brought back')
  }
}

/** Asked again: an agent that was paused since it looked must not bring back what was replaced. */
async function specIfLive(
  host: HostAlone,
  of: EnvironmentKey,
  live: LiveRelease,
  id: string,
): Promise<InstanceSpec | undefined> {
  const now = await host.releases.live(of.serviceId, of.environment)
  return now?.instance === live.instance ? keptSpec(host, of, live, id) : undefined
}

/** Its old port was taken meanwhile. Without a route there are no host names here; the store has them. */
async function followPort(
  { router, releases }: HostAlone,
  { serviceId, environment }: EnvironmentKey,
  live: LiveRelease,
  port: number,
): Promise<void> {
  const route = routeOf({ serviceId, environment })
  const now = await router.find(route)
  if (now?.target?.instance !== live.instance) return
  const pointer = await releases.pointer(serviceId, environment)
  const { deployment, revision } = newestFence(pointer?.fence, now.fence)!
  const fence = { deployment, revision: revision + 1 }
  const target = { instance: live.instance, host: '127.0.0.1', port }
  try {
    await router.change({ route, fence, hosts: now.hosts, target })
    await releases.setLive(serviceId, environment, fence, { ...live, port })
  } catch (error) {
    if (!(error instanceof StaleFence)) throw error
  }
}

/**
 * Brings back candidates, and warm releases, of deployments that are under way: their steps go on with them. Only
 * before this agent takes up any step, for a step may just be ending one.
 */
export async function restoreUnderWay(ports: Ports, log: Logger): Promise<void> {
  const instances = await ports.runtime.list()
  await Promise.all(
    instances.map(async ({ id }) => {
      try {
        const one = await ports.runtime.revive(id, () => specUnderWay(ports, id))
        if (one?.revived) log.info({ id, port: one.port }, 'brought back for its deployment')
      } catch (error) {
        log.warn({ id, error: String(error) }, 'could not be brought back')
      }
    }),
  )
}

/**
 * Undefined when neither its deployment is under way nor the one that has replaced it. Workers that were replaced have
 * been told to end: only those of the deployment itself come back.
 */
async function specUnderWay(ports: Ports, id: string): Promise<InstanceSpec | undefined> {
  const of = parseInstanceId(id)
  if (!of) return undefined
  const { serviceId, environment, number } = of
  const find = (wanted: number) => ports.store.deployments.find(deploymentId(serviceId, environment, wanted))
  const deployment = await find(number)
  if (!deployment) return undefined
  const live = await ports.releases.live(serviceId, environment)
  const replaced = isWeb(id) && live && live.instance !== id
  const newest = replaced ? await find(live.number) : undefined
  if (![deployment, newest].some((one) => one && !isFinal(one.status))) return undefined
  const releaseNumber = parseReleaseNumber(deployment.releaseId ?? '') ?? number
  const release = { serviceId, environment, number, deploymentId: deployment.id, releaseNumber }
  const { spec, plan } = await candidateSpec(ports, release)
  return [spec, ...workerSpecs(spec, plan)].find((one) => one.id === id)
}

/** Milliseconds between two looks, where nothing asks for another pace. */
const lookEvery = 1000

/** Keeps the logs of running services within their cap, and ends fork bombs, until what it answers is called. */
export function watchInstances(runtime: Runtime, log: Logger): () => void {
  const stop = new AbortController()
  const over = (what: string, look: () => Promise<number | void>) =>
    void repeat(stop.signal, () =>
      look().catch((error: unknown) => log.warn({ error: String(error) }, `could not ${what}`)),
    )
  over('trim the logs', () => runtime.trimLogs())
  over('check the limits', () => runtime.checkLimits())
  return () => stop.abort()
}

async function repeat(signal: AbortSignal, look: () => Promise<number | void>): Promise<void> {
  while (!signal.aborted) {
    const pause = (await look()) ?? lookEvery
    await sleep(pause, undefined, { signal }).catch(() => {})
  }
}

/** For `sluice down`: all processes end; the next `up` brings back what should run. */
export async function haltAll(
  { runtime, jobs }: Pick<Ports, 'runtime' | 'jobs'>,
  log: Logger,
): Promise<void> {
  const instances = await runtime.list()
  const halted = instances.map(async ({ id }) => {
    await runtime.halt(id, haltGrace)
    log.info({ id }, 'stopped')
  })
  await Promise.all([jobs.halt(), ...halted])
}

/** Milliseconds; the router is down already, so nothing is in flight. */
const haltGrace = 10_000
