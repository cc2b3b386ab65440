import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A process for certain: a pid alone is used again by strangers. */
export interface ProcessIdentity {
  pid: number
  /** Opaque: boot id and start ticks on Linux, the start time elsewhere. */
  started: string
}

/** undefined when there is no such process, or it has ended and only waits to be reaped. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const started = process.platform === 'linux' ? startedOnLinux(pid) : startedByPs(pid)
  return started === undefined ? undefined : { pid, started }
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identityOf(identity.pid)?.started === identity.started
}

/** This process itself. */
export function ownIdentity(): ProcessIdentity {
  const identity = identityOf(process.pid)
  if (!identity) throw new Error('This system does not tell when a process started')
  return identity
}

/** Pid of the parent; undefined when there is no such process. */
export function parentOf(pid: number): number | undefined {
  const parent = process.platform === 'linux' ? statOf(pid)?.[1] : askPs(pid, 'ppid=')
  return parent === undefined ? undefined : Number(parent)
}

let bootId: string | undefined

function startedOnLinux(pid: number): string | undefined {
  const fields = statOf(pid)
  if (!fields || fields[0] === 'Z' || fields[0] === 'X') return undefined
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return `${bootId}:${fields[19]}`
}

/** The fields of /proc/PID/stat from the third (the state) on. */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may itself hold spaces and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

function startedByPs(pid: number): string | undefined {
  const line = askPs(pid, 'state=,lstart=')
  return line === undefined || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '')
}

function askPs(pid: number, columns: string): string | undefined {
  try {
    const answer = execFileSync('ps', ['-o', columns, '-p', String(pid)], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return answer.trim() || undefined
  } catch {
    return undefined
  }
}
