import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, type ProcessIdentity } from './identity.ts'

export interface EndOptions {
  signal?: NodeJS.Signals
  /** Milliseconds until SIGKILL. */
  graceMs: number
  /** True: the whole process group that the process leads. */
  group?: boolean
}

/** Ends a process and resolves when it is gone. A process that is gone already is fine; a stranger is never touched. */
export async function endProcess(identity: ProcessIdentity, options: EndOptions): Promise<void> {
  const target = options.group ? -identity.pid : identity.pid
  send(identity, target, options.signal ?? 'SIGTERM')
  if (await isGone(identity, options.graceMs)) return
  send(identity, target, 'SIGKILL')
  await isGone(identity, 5000)
}

/** Whether the process ended within the time. */
export async function isGone(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs
  while (isAlive(identity)) {
    if (Date.now() >= deadline) return false
    await sleep(20)
  }
  return true
}

function send(identity: ProcessIdentity, target: number, signal: NodeJS.Signals): void {
  if (!isAlive(identity)) return
  try {
    process.kill(target, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
