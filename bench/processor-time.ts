import { readdirSync, readFileSync } from 'node:fs'

/** Ticks of a second in `/proc`; fixed on Linux. */
const ticks = 100

interface Spent {
  parent: number
  seconds: number
}

/** Seconds of processor time that a process has used up to now, and all below it that still run. */
export function processorSeconds(root: number): number {
  const all = new Map<number, Spent>()
  for (const name of readdirSync('/proc')) {
    const spent = /^\d+$/.test(name) ? spentBy(name) : undefined
    if (spent) all.set(Number(name), spent)
  }
  let sum = 0
  for (const [pid, { seconds }] of all) if (isBelow(all, pid, root)) sum += seconds
  return sum
}

/** Undefined when it has just ended. */
function spentBy(pid: string): Spent | undefined {
  try {
    // After the name of the program, which may hold anything: its state, its parent …
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return { parent: Number(fields[1]), seconds: (Number(fields[11]) + Number(fields[12])) / ticks }
  } catch {
    return undefined
  }
}

function isBelow(all: Map<number, Spent>, pid: number, root: number): boolean {
  for (let at: number | undefined = pid; at; at = all.get(at)?.parent) if (at === root) return true
  return false
}
