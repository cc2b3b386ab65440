import { readFileSync } from 'node:fs'
import type { RunningPart, Sluice } from '../test/e2e/sluice.ts'

/** Resident memory of each process of Sluice, in MB; private and shared pages together. */
export function benchMemory(sluice: Sluice): Record<string, number> {
  const parts: RunningPart[] = ['up', 'server', 'worker', 'agent', 'router', 'temporal', 'postgres']
  return Object.fromEntries(parts.map((part) => [part, residentMb(sluice.part(part).pid)]))
}

export function residentMb(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kilobytes) / 1024)
}
