import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { candidateSpec } from '../activities/candidate.ts'
import { hostsOf, routeOf } from '../activities/switch-traffic.ts'
import { deploymentId, parseReleaseNumber } from '../contract/names.ts'
import { isFinal } from '../contract/vocabulary.ts'
import type { Ports } from '../ports/index.ts'
import type { InstanceSpec, InstanceStatus, Runtime } from '../ports/runtime.ts'

/** Brings back what should run here: after a reboot nothing does, after a restart of the agent all of it still does. */
export async function restoreInstances(ports: Ports, log: Logger): Promise<void> {
  try {
    const running = await ports.runtime.restore((id) => specOf(ports, id))
    for (const one of running) {
      log.info({ id: one.id, port: one.port, state: one.state }, 'runs')
      await pointRoute(ports, one)
    }
  } catch (error) {
    log.error({ error: String(error) }, 'could not bring back all services')
  }
}

/**
 * What an instance runs as; undefined when it should not run any more. One whose deployment is under way is left as it
 * is, and so is one that a deployment under way has replaced: its cleanup drains it first.
 */
async function specOf(ports: Ports, id: string): Promise<InstanceSpec | undefined> {
  const [serviceId, environment, number] = id.split('/')
  if (!serviceId || !environment || !number) return undefined
  const find = (of: number) => ports.store.deployments.find(deploymentId(serviceId, environment, of))
  const deployment = await find(Number(number))
  if (!deployment) return undefined
  const live = await ports.releases.live(serviceId, environment)
  const newest = live && live.instance !== id ? await find(live.number) : undefined
  const underWay = [deployment, newest].some((one) => one && !isFinal(one.status))
  if (live?.instance !== id && !underWay) return undefined
  const releaseNumber = parseReleaseNumber(deployment.releaseId ?? '') ?? deployment.number
  const release = {
    serviceId,
    environment,
    number: deployment.number,
    deploymentId: deployment.id,
    releaseNumber,
  }
  return (await candidateSpec(ports, release)).spec
}

/**
 * The route of a live instance leads to where it listens: its old port may have been taken meanwhile, or the router
 * may have lost its state. Fenced like a switch, so that a deployment that goes on at the same time wins.
 */
async function pointRoute(ports: Ports, { id, port }: InstanceStatus): Promise<void> {
  const { router, releases } = ports
  const [serviceId = '', environment = ''] = id.split('/')
  const live = await releases.live(serviceId, environment)
  if (live?.instance !== id) return
  const route = routeOf({ serviceId, environment })
  const now = await router.find(route)
  if (now?.target?.instance === id && now.target.port === port && live.port === port) return
  const hosts = now?.hosts ?? (await hostsOf(ports, { serviceId, environment }))
  const revision = now?.fence.deployment === live.number ? now.fence.revision + 1 : 0
  const fence = { deployment: live.number, revision }
  await router.change({ route, fence, hosts, target: { instance: id, host: '127.0.0.1', port } })
  await releases.setLive(serviceId, environment, fence, { ...live, port })
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
