import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { homePaths, type Settings } from '../contract/settings.ts'
import { dataFolder, systemPostgres, type PostgresBinaries } from './postgres-binaries.ts'
import { embeddedPostgres } from './postgres-embedded.ts'
import { StackError } from './stack-error.ts'
import type { SystemUser } from './unprivileged-user.ts'

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

/** undefined when there is no data yet. */
function majorOfData(home: string): number | undefined {
  const file = path.join(dataFolder(home), 'PG_VERSION')
  return existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : undefined
}
