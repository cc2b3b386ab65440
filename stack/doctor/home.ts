import { accessSync, constants, existsSync, statSync, statfsSync } from 'node:fs'
import path from 'node:path'
import { homePaths, type Settings } from '../../contract/settings.ts'
import { unreachableFolder, unprivilegedUser } from '../unprivileged-user.ts'
import { advice, missing, ok, type Check } from './check.ts'

/** Bytes below which a deploy is likely to fail half-way: a Node service's packages alone may take that. */
const roomNeeded = 1024 ** 3

export function checkHome({ home }: Settings): Check[] {
  const existing = nearestExisting(home)
  return [checkWritable(home, existing), checkReachable(existing), checkRoom(existing), ...checkSecrets(home)]
}

function checkWritable(home: string, existing: string): Check {
  try {
    accessSync(existing, constants.W_OK | constants.X_OK)
    return ok('Home', home === existing ? home : `${home} (made at the first start)`)
  } catch {
    return missing(
      'Home',
      `${existing} may not be written by this user`,
      'Set SLUICE_HOME to a folder that may.',
    )
  }
}

function checkReachable(existing: string): Check {
  const blocked = unreachableFolder(existing, unprivilegedUser())
  if (blocked === undefined) return ok('Reachable', 'by the users that services run as')
  return missing(
    'Reachable',
    `users other than root cannot enter ${blocked}`,
    `Set SLUICE_HOME to a folder such as /var/lib/sluice, or \`chmod o+x ${blocked}\`.`,
  )
}

function checkRoom(existing: string): Check {
  const { bavail, bsize } = statfsSync(existing)
  const detail = `${((bavail * bsize) / 1024 ** 3).toFixed(1)} GiB free`
  return bavail * bsize >= roomNeeded ? ok('Disk', detail) : missing('Disk', detail, 'Free at least 1 GiB.')
}

/** Secrets that others may read are no secrets. */
function checkSecrets(home: string): Check[] {
  const { secrets } = homePaths(home)
  if (!existsSync(secrets)) return []
  const open = (statSync(secrets).mode & 0o077) !== 0
  return open ? [advice('Secrets', `${secrets} may be entered by others`, `\`chmod 700 ${secrets}\``)] : []
}

function nearestExisting(folder: string): string {
  return existsSync(folder) ? folder : nearestExisting(path.dirname(folder))
}
