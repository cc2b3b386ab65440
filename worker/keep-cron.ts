import type { Logger } from 'pino'
import type { CronSchedules } from '../ports/cron-schedules.ts'
import type { CronTimes } from '../ports/cron-store.ts'
import { ScheduleRefused } from '../ports/schedules.ts'
import type { Store } from '../ports/store.ts'

/** Milliseconds between two looks at what is live, and between two looks whether Temporal still has all of it. */
const lookEvery = 2_000
const checkEvery = 60_000

interface Deps {
  store: Pick<Store, 'cron'>
  cron: CronSchedules
  log: Pick<Logger, 'warn'>
}

/**
 * Temporal keeps the times that the live releases want: after each switch, rollback and removal, and when it has lost
 * them. What was told to it is a row, so that it is also told when an environment is gone.
 */
export function keepCron(deps: Deps): () => void {
  let timer: NodeJS.Timeout | undefined
  let going = true
  let checkAt = 0
  let failing = false
  const look = async () => {
    const thorough = performance.now() >= checkAt
    try {
      await keepInStep(deps, thorough)
      if (thorough) checkAt = performance.now() + checkEvery
      failing = false
    } catch (error) {
      // Once per outage.
      if (!failing) deps.log.warn({ error: String(error) }, 'could not look after the cron entries')
      failing = true
    }
    if (going) timer = setTimeout(() => void look(), lookEvery)
  }
  void look()
  return () => {
    going = false
    clearTimeout(timer)
  }
}

/** One look. `thorough`: what was told before is asked for. */
export async function keepInStep({ store, cron }: Deps, thorough: boolean): Promise<void> {
  const [wanted, kept] = await Promise.all([store.cron.wanted(), store.cron.kept()])
  for (const entry of wanted) {
    const before = kept.find((one) => isSame(one, entry))
    const isKept = before?.schedule === entry.schedule && before.timeZone === entry.timeZone
    if (isKept && !(thorough && before.note === null && !(await cron.isThere(entry)))) continue
    const note = await cron.put(entry).then(() => null, refusal)
    await store.cron.keep({ ...entry, note })
  }
  for (const entry of kept.filter((one) => !wanted.some((other) => isSame(one, other)))) {
    await cron.remove(entry)
    await store.cron.forget(entry)
  }
}

function refusal(error: unknown): string {
  if (error instanceof ScheduleRefused) return error.message
  throw error
}

const isSame = (a: CronTimes, b: CronTimes): boolean =>
  a.serviceId === b.serviceId && a.environment === b.environment && a.name === b.name
