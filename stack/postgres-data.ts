import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { homePaths } from '../contract/settings.ts'
import { syncPath, writeDurableSync } from './durable-file.ts'
import { dataFolder, type PostgresBinaries } from './postgres-binaries.ts'
import { StackError } from './stack-error.ts'
import { asUser, type SystemUser } from './unprivileged-user.ts'

const run = promisify(execFile)

/** Name of the superuser and of the database. */
export const databaseName = 'sluice'

/** Made at the first start; 0600. */
export function databasePassword(home: string): string {
  const file = homePaths(home).postgresPassword
  if (existsSync(file)) return readFileSync(file, 'utf8').trim()
  const password = randomBytes(24).toString('base64url')
  // Lost in a power cut it would lock everybody out of a database that was not.
  writeDurableSync(file, `${password}\n`, 0o600)
  return password
}

/**
 * Makes the data folder unless it is there. In a folder beside it that is renamed once complete, so that a killed
 * initdb leaves nothing half-made. @throws StackError
 */
export async function initializeData(
  home: string,
  binaries: PostgresBinaries,
  user: SystemUser | undefined,
): Promise<'made' | 'there'> {
  const data = dataFolder(home)
  if (existsSync(path.join(data, 'PG_VERSION'))) return 'there'
  const parent = homePaths(home).postgres
  removeUnfinished(parent)
  const unfinished = path.join(parent, `unfinished-${process.pid}`)
  mkdirSync(unfinished, { mode: 0o700 })
  chmodSync(parent, 0o711)
  const passwordFile = path.join(unfinished, 'password')
  writeFileSync(passwordFile, databasePassword(home), { mode: 0o600 })
  if (user) for (const owned of [unfinished, passwordFile]) chownSync(owned, user.uid, user.gid)
  await initdb(binaries, path.join(unfinished, 'data'), passwordFile, user)
  renameSync(path.join(unfinished, 'data'), data)
  syncPath(parent)
  rmSync(unfinished, { recursive: true })
  return 'made'
}

async function initdb(
  binaries: PostgresBinaries,
  data: string,
  passwordFile: string,
  user: SystemUser | undefined,
): Promise<void> {
  const args = ['-D', data, '-U', databaseName, '-E', 'UTF8', '--locale=C', '-A', 'scram-sha-256']
  try {
    await run(path.join(binaries.folder, 'initdb'), [...args, `--pwfile=${passwordFile}`], {
      ...asUser(user),
      cwd: '/',
      env: postgresEnvironment(),
      timeout: 120_000,
    })
  } catch (error) {
    const output = (error as { stderr?: string }).stderr ?? ''
    throw new StackError(
      `The database could not be made: ${(output.trim() || (error as Error).message).slice(-2000)}`,
      'Check that the disk has room, or set DATABASE_URL to a PostgreSQL of your own.',
    )
  }
}

function removeUnfinished(parent: string): void {
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith('unfinished-'))) {
    rmSync(path.join(parent, name), { recursive: true, force: true })
  }
}

/** Nothing of the caller's environment: PGDATA and the like would change what the server does. */
export const postgresEnvironment = (): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  LC_ALL: 'C',
  TZ: 'UTC',
})
