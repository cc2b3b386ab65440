import os from 'node:os'
import type { Worker } from '@temporalio/worker'
import type { Logger } from 'pino'
import { version } from '../contract/version.ts'

/** What Temporal shows of a worker: which process of which machine, and how old its code is. */
export const identityOf = (part: 'worker' | 'agent'): string =>
  `${process.pid}@${os.hostname()}/${part}/sluice-${version}/node-${process.versions.node}`

/**
 * Runs a worker until its parent goes away or asks it to stop. Work under way is detached, not undone:
 * another attempt takes it up.
 */
export async function runPart(worker: Worker, log: Logger, part: string): Promise<void> {
  const stop = () => {
    if (worker.getState() === 'RUNNING') worker.shutdown()
  }
  process.once('SIGTERM', stop).once('SIGINT', stop)
  // `sluice up` holds the other end; when it is killed, nobody would restart or stop this process.
  process.once('disconnect', stop)
  const running = worker.run()
  log.info({ part, pid: process.pid }, 'ready')
  await running
}
