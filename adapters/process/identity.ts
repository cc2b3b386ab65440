import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import { readProcess, type ProcessRow } from './process-table.ts'

/** Names one process for ever: a pid alone is given to a stranger sooner or later. */
export interface ProcessIdentity {
  pid: number
  /** Field 22 of /proc/PID/stat; `ps -o lstart=` on macOS. */
  start: string
  /** Of the boot it ran in: pids and start times repeat after a reboot. */
  boot: string
}

let boot: string | undefined

/** Changes with every boot of the machine. */
export function bootId(): string {
  boot ??=
    process.platform === 'linux'
      ? readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
      : execFileSync('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' }).trim()
  return boot
}

/** undefined when no such process is alive. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const row = readProcess(pid)
  return row && !row.ended ? identityOfRow(row) : undefined
}

export const identityOfRow = (row: ProcessRow): ProcessIdentity => ({
  pid: row.pid,
  start: row.start,
  boot: bootId(),
})

/** False for a zombie, and for a stranger that was given the same pid. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identity.boot === bootId() && identityOf(identity.pid)?.start === identity.start
}

/** Certainly before. False where the system's words for a start have no order, and for one of another boot. */
export const startedBefore = ({ start }: ProcessRow, other: ProcessIdentity): boolean =>
  process.platform === 'linux' && other.boot === bootId() && Number(start) < Number(other.start)

/** Milliseconds since the process started, by the clock of the boot: setting the wall clock does not change it. */
export function ageOf(identity: ProcessIdentity): number {
  // The kernel counts in hundredths of a second for every architecture (USER_HZ).
  if (process.platform === 'linux') return bootClock() - Number(identity.start) * 10
  return Date.now() - Date.parse(identity.start)
}

/** Milliseconds since the machine booted. */
export const bootClock = (): number => os.uptime() * 1000
