import { existsSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Settings } from '../contract/settings.ts'
import { startDetached } from './detached.ts'
import { endProcess } from './end-process.ts'
import { requireReachableHome } from './home.ts'
import { logSince, logSize } from './logs.ts'
import { findPostgres } from './find-postgres.ts'
import { dataFolder, type PostgresBinaries } from './postgres-binaries.ts'
import { databaseName, databasePassword, initializeData, postgresEnvironment } from './postgres-data.ts'
import { ensureDatabase, maintenanceUrl, waitForPostgres } from './postgres-probe.ts'
import { clearStalePostmaster, findPostmaster, type Postmaster } from './postmaster.ts'
import { removeRecord, writeRecord } from './run-record.ts'
import type { Say } from './say.ts'
import { StackError } from './stack-error.ts'
import { unprivilegedUser, type SystemUser } from './unprivileged-user.ts'

const part = 'postgres'

/** Milliseconds that fast shutdown may take (it writes out what is in memory). */
const shutdownGrace = 15_000

/**
 * A running PostgreSQL with Sluice's database in it: the one of DATABASE_URL, the one that runs for this home already,
 * or a new one on loopback. Answers its url. @throws StackError
 */
export async function startPostgres(settings: Settings, say: Say, signal?: AbortSignal): Promise<string> {
  if (settings.databaseUrl) return await requireDatabase(settings.databaseUrl)
  const url = localUrl(settings)
  const running = await settlePostgres(settings)
  if (running && (await answersStill(settings, url))) {
    say(part, `runs already (pid ${running.pid})`, { port: running.port })
  } else await launch(settings, url, say, signal)
  await ensureDatabase(url)
  return url
}

/** False when a server that seemed to run was just ending. */
async function answersStill({ home }: Settings, url: string): Promise<boolean> {
  try {
    await waitForPostgres(maintenanceUrl(url), 30_000, () => postgresRuns(home))
    return true
  } catch (error) {
    if (postgresRuns(home)) throw error
    return false
  }
}

/** Fast shutdown of the home's own server: connections are ended, data is written out. Nothing running is fine. */
export async function stopPostgres(home: string): Promise<boolean> {
  const running = findPostmaster(dataFolder(home))
  if (!running) return false
  await endProcess(running, { signal: 'SIGINT', graceMs: shutdownGrace })
  removeRecord(home, part)
  return true
}

export const postgresRuns = (home: string): boolean => findPostmaster(dataFolder(home)) !== undefined

export function localUrl(settings: Pick<Settings, 'home' | 'postgresPort'>): string {
  const password = databasePassword(settings.home)
  return `postgres://${databaseName}:${password}@127.0.0.1:${settings.postgresPort}/${databaseName}`
}

async function requireDatabase(url: string): Promise<string> {
  try {
    await waitForPostgres(url, 10_000)
    return url
  } catch (error) {
    // The url holds a password: only host and database are shown.
    const shown = URL.canParse(url) ? `${new URL(url).host}${new URL(url).pathname}` : 'not a url'
    throw new StackError(
      `The database of DATABASE_URL (${shown}) does not answer: ${describe(error)}.`,
      'Start it or correct DATABASE_URL; leave it unset to use the PostgreSQL that Sluice starts itself.',
    )
  }
}

/** The server that an earlier `up` left, unless the port was changed since: then it is ended. */
export async function settlePostgres(settings: Settings): Promise<Postmaster | undefined> {
  const running = findPostmaster(dataFolder(settings.home))
  if (!running) return undefined
  if (running.port === settings.postgresPort) return running
  await stopPostgres(settings.home)
  return undefined
}

async function launch(
  settings: Settings,
  url: string,
  say: Say,
  signal: AbortSignal | undefined,
): Promise<void> {
  const user = unprivilegedUser()
  if (user) requireReachableHome(settings.home)
  const binaries = findPostgres(settings, user)
  if (!existsSync(path.join(dataFolder(settings.home), 'PG_VERSION'))) {
    say(part, `makes a database with PostgreSQL ${binaries.major} (only now)`)
  }
  await initializeData(settings.home, binaries, user)
  signal?.throwIfAborted()
  clearStalePostmaster(dataFolder(settings.home))
  for (let attempt = 1; ; attempt++) {
    const trouble = await tryToStart(settings, binaries, user, url)
    if (trouble === undefined) return
    // Children of a server that was killed hard hold its shared memory until they notice.
    if (!trouble.includes('shared memory') || attempt === 20) throw didNotStart(trouble)
    await sleep(250)
  }
}

const didNotStart = (trouble: string) =>
  new StackError(`PostgreSQL did not start:\n${trouble}`, 'See logs/postgres.log in the home.')

/** undefined when it answers; else what it wrote before it ended. */
async function tryToStart(
  settings: Settings,
  binaries: PostgresBinaries,
  user: SystemUser | undefined,
  url: string,
): Promise<string | undefined> {
  const { home } = settings
  const logStart = logSize(home, part)
  const server = await startDetached({
    home,
    part,
    command: path.join(binaries.folder, 'postgres'),
    args: ['-D', dataFolder(home), ...serverOptions(settings.postgresPort)],
    environment: postgresEnvironment(),
    user,
  })
  writeRecord(home, { part, ...server.identity })
  let ended: string | undefined
  void server.ended.then((how) => (ended = how))
  try {
    await waitForPostgres(maintenanceUrl(url), 60_000, () => ended === undefined)
    return undefined
  } catch (error) {
    if (ended === undefined) await endProcess(server.identity, { signal: 'SIGINT', graceMs: 5000 })
    removeRecord(home, part, server.identity)
    return logSince(home, part, logStart) || describe(error)
  }
}

/** Loopback TCP only, no Unix socket: its folder would have to be writable for the server's user. */
const serverOptions = (port: number): string[] =>
  [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=100',
    'shared_buffers=64MB',
    'jit=off',
    'log_min_messages=warning',
    'log_line_prefix=%m [%p] ',
  ].flatMap((option) => ['-c', option])

const describe = (error: unknown): string =>
  (error as Error).message || (error as { code?: string }).code || 'it does not answer'
