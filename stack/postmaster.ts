import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import path from 'node:path'
import { identityOf, type ProcessIdentity } from './identity.ts'

/** The PostgreSQL server that runs on a data folder. */
export interface Postmaster extends ProcessIdentity {
  port: number
}

/** Who runs on the data folder, by PostgreSQL's own record; undefined when nobody does. */
export function findPostmaster(data: string): Postmaster | undefined {
  const lines = recordOf(data)
  const pid = Number(lines?.[0])
  if (!Number.isInteger(pid) || pid < 2 || !runsOn(pid, data)) return undefined
  const identity = identityOf(pid)
  return identity && { ...identity, port: Number(lines?.[3]) }
}

/**
 * Removes a record that a killed server left. PostgreSQL does so itself, unless another process of the same user
 * has the pid by now: then it refuses to start.
 */
export function clearStalePostmaster(data: string): void {
  if (recordOf(data) && !findPostmaster(data)) rmSync(path.join(data, 'postmaster.pid'), { force: true })
}

function recordOf(data: string): string[] | undefined {
  try {
    return readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return undefined
  }
}

/** A server's working folder is its data. */
function runsOn(pid: number, data: string): boolean {
  try {
    if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data)
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(data)
  } catch {
    return false
  }
}
