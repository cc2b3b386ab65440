import { setTimeout as sleep } from 'node:timers/promises'
import { identityOf, identityOfRow, isAlive, type ProcessIdentity } from './identity.ts'
import { hasVariable, readProcesses, type ProcessRow } from './process-table.ts'

/** Variable that every process of a job or an instance inherits; its value is random, so it proves whose it is. */
export const markVariable = 'SLUICE_RUN'

/** The processes that came out of one job or one instance. */
export interface ProcessFamily {
  /** Leader of their process group; undefined when it was never started. */
  leader: ProcessIdentity | undefined
  /** Value of `SLUICE_RUN`. */
  mark: string
}

/** How long the kernel may take to end what was killed. */
const killLimitMs = 10_000

/** Who is alive of the family: its process group, and those that left it (double fork, setsid) but carry the mark. */
export const membersOf = (family: ProcessFamily): ProcessIdentity[] => look(family).rows.map(identityOfRow)

/**
 * The group counts only while it is proven ours: by its leader, or by a member with the mark. Its number may have
 * been given to strangers after the family had ended.
 */
function look({ leader, mark }: ProcessFamily): { rows: ProcessRow[]; groupIsOurs: boolean } {
  const alive = readProcesses().filter((row) => row.state !== 'Z')
  const marked = new Set(alive.filter((row) => hasVariable(row.pid, markVariable, mark)))
  const inGroup = (row: ProcessRow) => row.group === leader?.pid
  const groupIsOurs =
    leader !== undefined && (isAlive(leader) || alive.some((row) => inGroup(row) && marked.has(row)))
  return { rows: alive.filter((row) => marked.has(row) || (groupIsOurs && inGroup(row))), groupIsOurs }
}

/**
 * SIGTERM to all of them, up to `graceMs`, SIGKILL to who is left. Resolves once nobody is alive.
 * @throws Error when some survive even that.
 */
export async function terminate(family: ProcessFamily, graceMs: number): Promise<void> {
  if (signalFamily(family, 'SIGTERM') === 0) return
  if (await ended(() => membersOf(family).length > 0, graceMs)) return
  // Again and again: what was forked between the look and the signal must go as well.
  if (await ended(() => signalFamily(family, 'SIGKILL') > 0, killLimitMs)) return
  const left = membersOf(family).map((member) => member.pid)
  throw new Error(`processes ${left.join(', ')} did not end although they were killed`)
}

/** Ends what a finished command left behind, all but `except` (its wrapper, which still writes the result). */
export async function sweep(family: ProcessFamily, except: number, graceMs: number): Promise<void> {
  const signalRest = (signal: NodeJS.Signals) => {
    const rest = membersOf(family).filter((member) => member.pid !== except)
    for (const member of rest) signalOne(member, signal)
    return rest.length
  }
  if (signalRest('SIGTERM') === 0) return
  const left = () => membersOf(family).some((member) => member.pid !== except)
  if (await ended(left, graceMs)) return
  await ended(() => signalRest('SIGKILL') > 0, killLimitMs)
}

/** Signals the proven group at once, so that nobody escapes by forking, then each of the others. Answers how many. */
function signalFamily(family: ProcessFamily, signal: NodeJS.Signals): number {
  const { rows, groupIsOurs } = look(family)
  const group = groupIsOurs ? family.leader!.pid : undefined
  if (group !== undefined) trySignal(-group, signal)
  for (const row of rows) if (row.group !== group) signalOne(identityOfRow(row), signal)
  return rows.length
}

/** Looks once more right before: the process may have ended and its pid been given away. */
function signalOne(member: ProcessIdentity, signal: NodeJS.Signals): void {
  if (identityOf(member.pid)?.start === member.start) trySignal(member.pid, signal)
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
  for (let pause = 5; goesOn(); pause = Math.min(pause * 2, 100)) {
    const left = until - performance.now()
    if (left <= 0) return false
    await sleep(Math.min(pause, left))
  }
  return true
}
