import { connect } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { searchAttributeNames } from '../contract/names.ts'
import type { Settings } from '../contract/settings.ts'
import { homePaths } from '../contract/settings.ts'
import { startDetached } from './detached.ts'
import { endProcess } from './end-process.ts'
import { logSince, logSize } from './logs.ts'
import { readLiveRecord, removeRecord, writeRecord, type RunRecord } from './run-record.ts'
import type { Say } from './say.ts'
import { StackError } from './stack-error.ts'
import { temporalBinary } from './temporal-binary.ts'
import { prepareNamespace, requireTemporal } from './temporal-namespace.ts'

const part = 'temporal'

/** Milliseconds; it closes its database on SIGTERM. */
const shutdownGrace = 10_000

/**
 * A Temporal server that answers: the one of TEMPORAL_ADDRESS, the one that runs for this home already, or a new
 * development server on loopback with its state in the home. @throws StackError
 */
export async function startTemporal(settings: Settings, say: Say, signal?: AbortSignal): Promise<void> {
  if (settings.temporalAddress) return await requireTemporal(settings.temporalAddress)
  const running = await settleTemporal(settings)
  if (running) say(part, `runs already (pid ${running.pid})`, { port: settings.temporalPort })
  else await launch(settings, say, signal)
  await prepareNamespace(temporalAddress(settings), settings.temporalNamespace)
}

export const temporalAddress = (settings: Settings): string =>
  settings.temporalAddress ?? `127.0.0.1:${settings.temporalPort}`

export const temporalRuns = (home: string): boolean => readLiveRecord(home, part) !== undefined

/** Nothing running is fine. */
export async function stopTemporal(home: string): Promise<boolean> {
  const running = readLiveRecord(home, part)
  if (!running) return false
  await endProcess(running, { graceMs: shutdownGrace })
  removeRecord(home, part)
  return true
}

/** The server that an earlier `up` left; one that does not listen, or was started with other options, is ended. */
export async function settleTemporal(settings: Settings): Promise<RunRecord | undefined> {
  const running = readLiveRecord(settings.home, part)
  if (!running) return undefined
  const asWanted = running.startedWith === serverArguments(settings).join(' ')
  if (asWanted && (await listens(settings.temporalPort))) return running
  await stopTemporal(settings.home)
  return undefined
}

async function launch(settings: Settings, say: Say, signal: AbortSignal | undefined): Promise<void> {
  const { home } = settings
  const command = await temporalBinary({ toolsDirectory: homePaths(home).tools, say, signal })
  signal?.throwIfAborted()
  const logStart = logSize(home, part)
  const args = serverArguments(settings)
  const server = await startDetached({ home, part, command, args, environment: environment() })
  writeRecord(home, { part, ...server.identity, startedWith: args.join(' ') })
  let ended: string | undefined
  void server.ended.then((how) => (ended = how))
  const deadline = Date.now() + 60_000
  while (!(await listens(settings.temporalPort))) {
    if (ended === undefined && Date.now() < deadline) {
      await sleep(20)
      continue
    }
    if (ended === undefined) await endProcess(server.identity, { graceMs: 2000 })
    removeRecord(home, part, server.identity)
    throw new StackError(
      `The Temporal server did not start (${ended ?? 'no answer in 60 s'}):\n${logSince(home, part, logStart)}`,
      'See logs/temporal.log in the home.',
    )
  }
}

/**
 * Measured: with the default task throttling each activity waits 50 ms for its turn (8 in a row 852 ms, tuned 142 ms);
 * the last two make a cancellation reach an activity in about 14 ms without waiting for its heartbeat.
 */
const tuning = [
  'history.transferProcessorMaxPollRPS=2000',
  'history.timerProcessorMaxPollRPS=2000',
  'frontend.WorkerCommandsEnabled=true',
  'system.enableCancelActivityWorkerCommand=true',
]

/**
 * A commit costs one fsync instead of three and a file that is made and removed. Still on the disk when it returns:
 * with `synchronous=NORMAL` a power cut could take back a deployment that was accepted, behind its lane's back.
 */
const pragmas = ['journal_mode=WAL', 'synchronous=FULL']

function serverArguments(settings: Settings): string[] {
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(settings.temporalPort)],
    ...['--ui-port', String(settings.temporalUiPort), '--log-level', 'warn'],
    ...['--db-filename', path.join(homePaths(settings.home).temporal, 'temporal.db')],
    ...(settings.temporalNamespace === 'default' ? [] : ['--namespace', settings.temporalNamespace]),
    ...tuning.flatMap((value) => ['--dynamic-config-value', value]),
    ...pragmas.flatMap((value) => ['--sqlite-pragma', value]),
    ...searchAttributeNames.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
  ]
}

/** Nothing of the caller's: TEMPORAL_* variables would change what the program does. */
const environment = (): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: process.env['HOME'],
  TZ: 'UTC',
})

/**
 * A TCP connection first: a gRPC client that comes too early backs off for a second. Where nobody listens this is known
 * at once; the time is for a machine that is short of breath.
 */
export function listens(port: number, host = '127.0.0.1'): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ port, host, timeout: 5000 })
  socket.once('connect', () => resolve(true))
  for (const event of ['error', 'timeout']) socket.once(event, () => resolve(false))
  return promise.finally(() => socket.destroy())
}
