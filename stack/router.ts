import { setTimeout as sleep } from 'node:timers/promises'
import type { RouterHealth } from '../contract/routing.ts'
import type { Settings } from '../contract/settings.ts'
import { homePaths } from '../contract/settings.ts'
import { startDetached } from './detached.ts'
import { endProcess } from './end-process.ts'
import { identityOf, isAlive, parentOf, type ProcessIdentity } from './identity.ts'
import { logSince, logSize } from './logs.ts'
import { version } from '../contract/version.ts'
import { entryOf } from './program.ts'
import { routerHealth } from './router-health.ts'
import { readLiveRecord, removeRecord, writeRecord } from './run-record.ts'
import type { Say } from './say.ts'
import { StackError } from './stack-error.ts'

const part = 'router'

/** Milliseconds until a router that was started must answer on its control socket. */
const answerWithin = 15_000

/** Milliseconds that one which runs may take to answer before it counts as stuck. */
const patience = 10_000

/** Milliseconds that its open requests may take when it has to end; a little more than it gives them itself. */
const drainGrace = 35_000

/** A router that answers: the one that outlived an earlier `up`, or a new one. @throws StackError */
export async function startRouter(settings: Settings, say: Say, signal?: AbortSignal): Promise<void> {
  const running = await settleRouter(settings, say)
  if (!running) return await launch(settings, signal)
  say(part, `runs already (pid ${running.pid})`, { port: settings.routerPort })
  renew(settings, running)
}

/** Gives a router that an older version has started the present code, without closing the port. */
function renew(settings: Settings, running: ProcessIdentity): void {
  if (readLiveRecord(settings.home, part)?.version === version) return
  process.kill(running.pid, 'SIGHUP')
  record(settings, running)
}

const record = (settings: Settings, identity: ProcessIdentity): void =>
  writeRecord(settings.home, { part, ...identity, startedWith: addressOf(settings), version })

/** Ends the router of a home; its open requests are finished first. Nothing running is fine. */
export async function stopRouter(home: string): Promise<boolean> {
  const running = await findRouter(home)
  if (!running) return false
  await endProcess(running.identity, { graceMs: drainGrace })
  removeRecord(home, part)
  return true
}

export const routerRuns = (home: string): boolean => readLiveRecord(home, part) !== undefined

/** The one that runs as it should; one that does not answer, or was started with another address, is ended. */
export async function settleRouter(settings: Settings, say: Say): Promise<ProcessIdentity | undefined> {
  const running = await findRouter(settings.home)
  if (!running) return undefined
  const { identity, startedWith } = running
  const health = running.health ?? (await lateHealth(settings.home, identity))
  const asWanted = startedWith === undefined || startedWith === addressOf(settings)
  if (health?.port === settings.routerPort && asWanted) return identity
  say(part, health ? 'has another address, is started anew' : 'does not answer, is started anew')
  await endProcess(identity, { graceMs: health ? drainGrace : 2000 })
  return undefined
}

/** One that is slow to answer may be in the middle of many requests, which would be lost with it. */
async function lateHealth(home: string, running: ProcessIdentity): Promise<RouterHealth | undefined> {
  const deadline = Date.now() + patience
  while (isAlive(running) && Date.now() < deadline) {
    const health = await routerHealth(homePaths(home).routerSocket)
    if (health) return health
    await sleep(100)
  }
  return undefined
}

/**
 * The process that holds the listening socket; the one that answers is its child. By the record; without one (`up` was
 * killed at the wrong moment) by who answers on the control socket.
 */
async function findRouter(home: string) {
  const recorded = readLiveRecord(home, part)
  const health = await routerHealth(homePaths(home).routerSocket)
  if (recorded) return { identity: recorded, health, startedWith: recorded.startedWith }
  const holder = health && parentOf(health.pid)
  // One whose holder is gone leaves by itself.
  const identity = holder === undefined || holder <= 1 ? undefined : identityOf(holder)
  if (!identity) return undefined
  writeRecord(home, { part, ...identity })
  return { identity, health, startedWith: undefined }
}

async function launch(settings: Settings, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  const { home } = settings
  const logStart = logSize(home, part)
  const program = { home, part, command: process.execPath, args: [entryOf(part)] }
  const { identity } = await startDetached({ ...program, environment: environment(settings) })
  record(settings, identity)
  const deadline = Date.now() + answerWithin
  while (!(await routerHealth(homePaths(home).routerSocket))) {
    if (isAlive(identity) && Date.now() < deadline && !signal?.aborted) {
      await sleep(20)
      continue
    }
    await endProcess(identity, { graceMs: 1000 })
    removeRecord(home, part, identity)
    throw new StackError(
      `The router did not start:\n${logSince(home, part, logStart)}`,
      'See logs/router.log in the home.',
    )
  }
}

const addressOf = (settings: Settings): string => `${settings.routerAddress}:${settings.routerPort}`

/** Only what it needs: it lives long and speaks with everybody. */
function environment(settings: Settings): NodeJS.ProcessEnv {
  const paths = homePaths(settings.home)
  const own = Object.entries(process.env).filter(([name]) => name.startsWith('SLUICE_ROUTER_'))
  return {
    ...Object.fromEntries(own),
    PATH: process.env['PATH'],
    TZ: process.env['TZ'],
    SLUICE_ROUTER_PORT: String(settings.routerPort),
    SLUICE_ROUTER_ADDRESS: settings.routerAddress,
    SLUICE_ROUTER_STATE: paths.routerState,
    SLUICE_ROUTER_SOCKET: paths.routerSocket,
  }
}
