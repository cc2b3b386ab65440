import type { CronTimes } from './cron-store.ts'

/** Keeps the time for cron entries. Every method is safe to repeat, and throws SchedulesUnavailable. */
export interface CronSchedules {
  /** Makes it, or changes its times. @throws ScheduleRefused */
  put(entry: CronTimes): Promise<void>
  isThere(entry: CronTimes): Promise<boolean>
  /** Absent is fine. */
  remove(entry: CronTimes): Promise<void>
}
