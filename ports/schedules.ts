import type { ScheduleRow } from './store.ts'

type ScheduleName = Pick<ScheduleRow, 'serviceId' | 'environment' | 'name'>

export interface ScheduleState {
  paused: boolean
  nextRuns: Date[]
}

/** Keeps time. Every method is safe to repeat. */
export interface Schedules {
  /** Makes it as the row says; one that is there already is left alone. @throws SchedulesUnavailable, ScheduleRefused */
  put(schedule: ScheduleRow): Promise<void>
  /** Undefined when it is not there. @throws SchedulesUnavailable */
  state(schedule: ScheduleName): Promise<ScheduleState | undefined>
  /** @throws SchedulesUnavailable */
  pause(schedule: ScheduleName, paused: boolean, reason: string | null): Promise<void>
  /** Runs it now, beside its times and even while it is paused. @throws SchedulesUnavailable */
  trigger(schedule: ScheduleName): Promise<void>
  /** Absent is fine. @throws SchedulesUnavailable */
  remove(schedule: ScheduleName): Promise<void>
}

/** It is not certain whether it happened: to repeat it is safe. */
export class SchedulesUnavailable extends Error {
  override name = 'SchedulesUnavailable'
}

/** The times cannot be kept as they are written. */
export class ScheduleRefused extends Error {
  override name = 'ScheduleRefused'
}
