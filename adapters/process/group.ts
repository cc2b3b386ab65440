import { setTimeout as sleep } from 'node:timers/promises'
import type { Cgroup } from './cgroup/index.ts'
import { identityOfRow, isAlive, startedBefore, type ProcessIdentity } from './identity.ts'
import { hasVariable, readProcess, readProcesses, type ProcessRow } from './process-table.ts'

/** Variable that every process of a job or an instance inherits; its value is random, so it proves whose it is. */
export const markVariable = 'SLUICE_RUN'

/** The processes that came out of one job or one instance. */
export interface ProcessFamily {
  /** Leader of their process group; undefined when it was never started. */
  leader: ProcessIdentity | undefined
  /** Value of `SLUICE_RUN`. */
  mark: string
  /** Nobody else with this mark was started before it; undefined where others may have been. */
  eldest?: ProcessIdentity | undefined
  /** Where the system allowed one. */
  cgroup?: Cgroup | undefined
}

/** How long the kernel may take to end what was killed. */
const killLimitMs = 10_000

/** Who is alive of the family: its process group and cgroup, and those that left the group but carry the mark. */
export const membersOf = (family: ProcessFamily): ProcessIdentity[] => look(family).rows.map(identityOfRow)

/**
 * SIGTERM to all of them, up to `graceMs`, SIGKILL to who is left. Resolves once nobody is alive.
 * @throws Error when some survive even that.
 */
export async function terminate(family: ProcessFamily, graceMs: number): Promise<void> {
  const pursuit = new Pursuit(family)
  if (pursuit.signal('SIGTERM') === 0) return
  if (await ended(() => pursuit.left().length > 0, graceMs)) return
  if (await pursuit.kill()) return
  const left = pursuit.left().map((member) => member.pid)
  throw new Error(`processes ${left.join(', ')} did not end although they were killed`)
}

export interface Spared {
  pid: number
  /** Also what it has started itself. */
  withChildren?: boolean
}

/** Ends what a finished command left behind, all but `spared` (its wrapper, which still writes the result). */
export async function sweep(family: ProcessFamily, spared: number | Spared, graceMs: number): Promise<void> {
  const pursuit = new Pursuit(family, typeof spared === 'number' ? { pid: spared } : spared)
  if (pursuit.signal('SIGTERM') === 0) return
  if (await ended(() => pursuit.left().length > 0, graceMs)) return
  await pursuit.kill()
}

/**
 * Who was once seen to be of the family stays so until it has ended: a process on its way out loses its variables
 * before it lets go of its ports.
 */
class Pursuit {
  readonly #family: ProcessFamily
  readonly #spared: Spared | undefined
  #proven = new Map<number, ProcessIdentity>()

  constructor(family: ProcessFamily, spared?: Spared) {
    this.#family = family
    this.#spared = spared
  }

  /** Those who are alive. */
  left(): ProcessIdentity[] {
    return this.#look().left
  }

  /** Answers how many it was meant for. */
  signal(signal: NodeJS.Signals): number {
    const { left, group } = this.#look()
    // All at once, so that nobody escapes by forking.
    if (group !== undefined && this.#spared === undefined) trySignal(-group, signal)
    for (const member of left) signalOne(member, signal, this.#spared === undefined ? group : undefined)
    return left.length
  }

  /** Again and again: what was forked between the look and the signal must go as well. False when some survive. */
  async kill(): Promise<boolean> {
    await this.#family.cgroup?.kill()
    return ended(() => this.signal('SIGKILL') > 0, killLimitMs)
  }

  #look(): { left: ProcessIdentity[]; group: number | undefined } {
    const { rows, groupIsOurs } = look(this.#family)
    for (const row of rows) if (!this.#isSpared(row)) this.#proven.set(row.pid, identityOfRow(row))
    for (const member of this.#proven.values()) if (!isAlive(member)) this.#proven.delete(member.pid)
    return { left: [...this.#proven.values()], group: groupIsOurs ? this.#family.leader?.pid : undefined }
  }

  #isSpared({ pid, parent }: ProcessRow): boolean {
    const spared = this.#spared
    return (
      spared !== undefined && (pid === spared.pid || (spared.withChildren === true && parent === spared.pid))
    )
  }
}

/**
 * The group counts only while it is proven ours: by its leader, or by a member with the mark. Its number may have
 * been given to strangers after the family had ended.
 */
function look({ leader, mark, cgroup, eldest }: ProcessFamily): { rows: ProcessRow[]; groupIsOurs: boolean } {
  const alive = readProcesses().filter((row) => !row.ended)
  // Variables are by far the slowest to read: only of those who can be of the family.
  const marked = new Set(
    alive.filter(
      (row) => !(eldest && startedBefore(row, eldest)) && hasVariable(row.pid, markVariable, mark),
    ),
  )
  const inGroup = (row: ProcessRow) => row.group === leader?.pid
  const groupIsOurs =
    leader !== undefined && (isAlive(leader) || alive.some((row) => inGroup(row) && marked.has(row)))
  // Read after the processes: who is in it now and was listed before is no stranger.
  const contained = new Set(cgroup?.members())
  const isOurs = (row: ProcessRow) =>
    marked.has(row) || contained.has(row.pid) || (groupIsOurs && inGroup(row))
  return { rows: alive.filter(isOurs), groupIsOurs }
}

/** Looks once more right before: the process may have ended and its pid been given away. */
function signalOne(
  member: ProcessIdentity,
  signal: NodeJS.Signals,
  signalledGroup: number | undefined,
): void {
  const row = readProcess(member.pid)
  if (!row || row.start !== member.start || row.group === signalledGroup) return
  trySignal(member.pid, signal)
}

function trySignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Gone already; or not permitted, and then it is seen to be still there.
  }
}

/** True as soon as `goesOn` answers false, false when it did not within the limit. */
async function ended(goesOn: () => boolean, limitMs: number): Promise<boolean> {
  const until = performance.now() + limitMs
  for (let pause = 2; goesOn(); pause = Math.min(pause * 2, 100)) {
    const left = until - performance.now()
    if (left <= 0) return false
    await sleep(Math.min(pause, left))
  }
  return true
}
