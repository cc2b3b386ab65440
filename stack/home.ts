import { chmodSync, mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { homePaths } from '../contract/settings.ts'
import { syncPath } from './durable-file.ts'
import { StackError } from './stack-error.ts'
import { unreachableFolder, unprivilegedUser } from './unprivileged-user.ts'

/** Bytes: a Unix socket's path may have 104 (macOS), and a router that takes over appends its pid. */
const socketPathLimit = 94

/**
 * Makes the folders of a home. Others may pass through it (0711: services run as users of their own) but not list it.
 * @throws StackError when it cannot be made or would not work.
 */
export function prepareHome(home: string): void {
  const paths = homePaths(home)
  const socketLength = Buffer.byteLength(paths.routerSocket)
  if (socketLength > socketPathLimit) {
    throw new StackError(
      `The path of the home is too long for a Unix socket (${paths.routerSocket}).`,
      `Set SLUICE_HOME to a folder whose path is at least ${socketLength - socketPathLimit} bytes shorter.`,
    )
  }
  try {
    mkdirSync(home, { recursive: true, mode: 0o711 })
    chmodSync(home, 0o711)
    for (const folder of [
      paths.secrets,
      paths.logs,
      paths.run,
      path.dirname(paths.routerState),
      paths.temporal,
    ]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
    }
    for (const folder of passable(paths)) {
      mkdirSync(folder, { recursive: true })
      chmodSync(folder, 0o711)
    }
    // The names of what is kept in them: keys, token, database.
    for (const folder of [path.dirname(home), home]) syncPath(folder)
  } catch (error) {
    throw new StackError(
      `The home ${home} cannot be made: ${(error as Error).message}.`,
      'Set SLUICE_HOME to a folder that you may write to.',
    )
  }
}

/** Whether something was deployed here once, and should perhaps run. */
export const hasReleases = (home: string): boolean =>
  readdirSync(homePaths(home).environments).some((name) => !name.startsWith('.'))

/** What PostgreSQL's user and the services' users must pass through to what is theirs. */
const passable = (paths: ReturnType<typeof homePaths>): string[] => [
  ...[paths.postgres, paths.tools, paths.examples],
  ...[paths.environments, paths.instances, paths.jobs, paths.caches],
]

/** @throws StackError when services (users of their own, when root) could not enter the home. */
export function requireReachableHome(home: string): void {
  const blocked = unreachableFolder(home, unprivilegedUser())
  if (blocked === undefined) return
  throw new StackError(
    `Users other than root cannot enter ${blocked}, but PostgreSQL and the services do not run as root.`,
    `Set SLUICE_HOME to a folder that everybody may pass through (such as /var/lib/sluice), or \`chmod o+x ${blocked}\`.`,
  )
}
