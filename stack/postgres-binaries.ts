import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type { Settings } from '../contract/settings.ts'
import { homePaths } from '../contract/settings.ts'
import { embeddedPostgres } from './postgres-embedded.ts'
import { StackError } from './stack-error.ts'
import type { SystemUser } from './unprivileged-user.ts'

export interface PostgresBinaries {
  /** Folder with initdb and postgres. */
  folder: string
  /** Major version. */
  major: number
  origin: 'system' | 'embedded'
}

type Wanted = Pick<Settings, 'home' | 'postgres'>

/**
 * The machine's newest PostgreSQL unless `SLUICE_POSTGRES=embedded`, else the one from npm; but always the major
 * version that the data was made with, because no other can read it.
 * @throws StackError
 */
export function findPostgres(settings: Wanted, user: SystemUser | undefined): PostgresBinaries {
  const dataMajor = majorOfData(settings.home)
  const embedded = () => [embeddedPostgres(settings.home, user)].filter((found) => found !== undefined)
  for (const source of settings.postgres === 'embedded' ? [embedded] : [systemPostgres, embedded]) {
    const found = source().find(({ major }) => dataMajor === undefined || major === dataMajor)
    if (found) return found
  }
  throw dataMajor === undefined ? nothingInstalled() : wrongVersion(settings.home, dataMajor)
}

const nothingInstalled = () =>
  new StackError(
    `There is no PostgreSQL on this machine, and none for ${process.platform}-${process.arch} was installed from npm.`,
    'Install one (`apt-get install postgresql`, `brew install postgresql`), or set DATABASE_URL to one that runs.',
  )

const wrongVersion = (home: string, major: number) =>
  new StackError(
    `The database in ${homePaths(home).postgres} was made by PostgreSQL ${major}, which is not here any more.`,
    `Install PostgreSQL ${major}, or dump the data and move the folder away.`,
  )

export const dataFolder = (home: string): string => path.join(homePaths(home).postgres, 'data')

/** undefined when there is no data yet. */
function majorOfData(home: string): number | undefined {
  const file = path.join(dataFolder(home), 'PG_VERSION')
  return existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : undefined
}

/** Newest first. */
export function systemPostgres(searchPath = process.env['PATH'] ?? ''): PostgresBinaries[] {
  return [...debianFolders(), ...searchPath.split(path.delimiter).filter(Boolean)]
    .filter(hasServer)
    .flatMap((folder) => withVersion(folder, 'system') ?? [])
    .sort((a, b) => b.major - a.major)
}

const debianBase = '/usr/lib/postgresql'

const debianFolders = () =>
  existsSync(debianBase) ? readdirSync(debianBase).map((version) => path.join(debianBase, version, 'bin')) : []

export function hasServer(folder: string): boolean {
  try {
    for (const name of ['initdb', 'postgres']) accessSync(path.join(folder, name), constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** undefined when the binary does not run here. */
export function withVersion(folder: string, origin: PostgresBinaries['origin']): PostgresBinaries | undefined {
  const debian = /\/postgresql\/(\d+)\/bin$/.exec(folder)
  if (debian) return { folder, origin, major: Number(debian[1]) }
  try {
    const answer = execFileSync(path.join(folder, 'postgres'), ['--version'], { encoding: 'utf8', timeout: 5000 })
    const major = / (\d+)/.exec(answer)?.[1]
    return major === undefined ? undefined : { folder, origin, major: Number(major) }
  } catch {
    return undefined
  }
}
