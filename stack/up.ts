import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Settings } from '../contract/settings.ts'
import { startBanner } from './banner.ts'
import { firstDeploy } from './first-deploy.ts'
import { hasReleases, prepareHome } from './home.ts'
import { keepAlive } from './keep-alive.ts'
import { endOrphans } from './orphans.ts'
import { keepPart, type Part } from './part.ts'
import { requireFreePorts } from './port-check.ts'
import { localUrl, postgresRuns, startPostgres, stopPostgres } from './postgres.ts'
import { entryOf, partEnvironment, type PartName } from './program.ts'
import { routerRuns, startRouter } from './router.ts'
import { startTemporal, stopTemporal, temporalAddress, temporalRuns } from './temporal.ts'
import { signInLine } from './sign-in-line.ts'
import { takeUpLock } from './up-lock.ts'
import type { UpLog } from './up-log.ts'
import { portsToBind } from './up-ports.ts'

/** Milliseconds after which the parts that are not ready are named. */
const slowAfter = 20_000

/** What has been started, to be ended in the other order. */
interface Running {
  parts: Part[]
  letGo: (() => Promise<void>)[]
  /** Settles when nothing more is going to be added. */
  starting: Promise<unknown>
}

/**
 * Runs Sluice on this machine until the signal aborts: PostgreSQL, Temporal, server, worker, agent and router.
 * The router and the deployed services go on afterwards. @throws StackError when it cannot start
 */
export async function up(settings: Settings, log: UpLog, stop: AbortSignal): Promise<void> {
  prepareHome(settings.home)
  const unlock = takeUpLock(settings.home)
  const failed = new AbortController()
  const end = AbortSignal.any([stop, failed.signal])
  const running: Running = { parts: [], letGo: [], starting: Promise.resolve() }
  try {
    await endOrphans(settings.home, log.say)
    await requireFreePorts(await portsToBind(settings, log.say))
    await Promise.race([start(settings, log, running, end), aborted(end)])
    await aborted(end)
  } catch (error) {
    if (!stop.aborted) throw error
  } finally {
    failed.abort()
    await shutDown(settings, log, running)
    unlock()
  }
}

/**
 * PostgreSQL, Temporal and the router at once; the parts once there is a database, for they wait for Temporal. Where
 * there are releases, the agent starts with the first: it brings back services without a database, which after a
 * power loss takes its time to recover.
 */
async function start(settings: Settings, log: UpLog, running: Running, end: AbortSignal): Promise<void> {
  const startedAt = performance.now()
  const { home } = settings
  const databaseUrl = settings.databaseUrl ?? localUrl(settings)
  if (hasReleases(home)) running.parts.push(...startParts(settings, databaseUrl, log, ['agent']))
  const keep = (part: string, runs: (home: string) => boolean, startIt: () => Promise<unknown>) =>
    startIt().then(() => {
      if (!end.aborted)
        running.letGo.push(keepAlive({ part, runs: () => runs(home), start: startIt }, log.say))
    })
  const backing = [
    keep('router', routerRuns, () => startRouter(settings, log.say, end)),
    keep('temporal', settings.temporalAddress ? always : temporalRuns, () =>
      startTemporal(settings, log.say, end),
    ),
    keep('postgres', settings.databaseUrl ? always : postgresRuns, async () => {
      await startPostgres(settings, log.say, end)
      if (!end.aborted) running.parts.push(...startParts(settings, databaseUrl, log, missing(running)))
    }),
  ]
  running.starting = Promise.allSettled(backing)
  await Promise.all(backing)
  await allReady(running.parts, log, end)
  if (end.aborted) return
  log.block(startBanner(settings, performance.now() - startedAt))
  // Not into a file: whoever reads that within the minute would be let in.
  if (log.isTerminal) log.block(await signInLine(settings, end))
  await firstDeploy(settings, log, end)
}

const always = () => true

const partNames: PartName[] = ['server', 'worker', 'agent']

/** None when PostgreSQL is only started again. */
const missing = ({ parts }: Running): PartName[] =>
  partNames.filter((name) => !parts.some(({ part }) => part === name))

function startParts(settings: Settings, databaseUrl: string, log: UpLog, names: PartName[]): Part[] {
  const environment = partEnvironment(settings, { databaseUrl, temporalAddress: temporalAddress(settings) })
  return names.map((part) => keepPart(settings.home, { part, entry: entryOf(part), environment }, log))
}

async function allReady(parts: Part[], log: UpLog, end: AbortSignal): Promise<void> {
  const waiting = new Set(parts.map(({ part }) => part))
  const ready = Promise.all(parts.map(({ part, ready: isReady }) => isReady.then(() => waiting.delete(part))))
  const slow = setTimeout(() => {
    log.say('sluice', `still waits for ${[...waiting].join(', ')}: see the lines above`, { level: 'warn' })
  }, slowAfter)
  await Promise.race([ready, aborted(end)])
  clearTimeout(slow)
}

async function shutDown(settings: Settings, log: UpLog, running: Running): Promise<void> {
  log.say('sluice', 'stops')
  await Promise.all([...running.parts.map((part) => part.stop()), ...running.letGo.map((letGo) => letGo())])
  // What was just being started must be ended too.
  await Promise.race([running.starting, sleep(10_000, undefined, { ref: false })])
  await Promise.all([stopTemporal(settings.home), stopPostgres(settings.home)])
  if (routerRuns(settings.home)) {
    log.say('sluice', 'stopped; the router and the deployed services go on (`sluice down` ends them)')
  } else log.say('sluice', 'stopped')
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}
