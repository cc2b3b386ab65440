import type { Worker } from '@temporalio/worker'
import type { Logger } from 'pino'

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
