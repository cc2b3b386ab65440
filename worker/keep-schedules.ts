import type { Logger } from 'pino'
import type { Schedules } from '../ports/schedules.ts'
import type { Store } from '../ports/store.ts'

/** Milliseconds between two looks for schedules that Temporal does not have. */
const lookEvery = 60_000

/**
 * Rows are the truth: Temporal gets each schedule that it does not have, because it has lost its state or because the
 * API was ended between the two. A single run whose time is over is not made up for.
 */
export function keepSchedules({
  store,
  schedules,
  log,
}: {
  store: Pick<Store, 'schedules'>
  schedules: Schedules
  log: Logger
}): () => void {
  const look = async () => {
    for (const row of await store.schedules.list()) {
      const over = row.at !== null && (row.lastRun !== null || row.at.getTime() < Date.now())
      if (!over && !(await schedules.state(row))) await schedules.put(row)
    }
  }
  const lookSafely = () => {
    look().catch((error: unknown) => log.warn({ error: String(error) }, 'could not look after the schedules'))
  }
  lookSafely()
  const timer = setInterval(lookSafely, lookEvery)
  return () => clearInterval(timer)
}
