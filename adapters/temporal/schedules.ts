import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleSpec,
} from '@temporalio/client'
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import { controlQueue, scheduledId, scheduleId, workflowTypes } from '../../contract/names.ts'
import type { ScheduledInput } from '../../contract/workflows.ts'
import type { Schedules } from '../../ports/schedules.ts'
import type { ScheduleRow } from '../../ports/store.ts'
import { calendarOf, cronSpec } from './cron-spec.ts'
import { translated } from './schedule-errors.ts'

/** Milliseconds until a caller hears that nothing is certain. */
const limit = 5_000

const service = defineSearchAttributeKey('Service', SearchAttributeType.KEYWORD)
const environmentKey = defineSearchAttributeKey('Environment', SearchAttributeType.KEYWORD)

type Name = Pick<ScheduleRow, 'serviceId' | 'environment' | 'name'>

/** Schedules of Temporal. What they start is a short workflow that puts a deployment into the lane. */
export function temporalSchedules(client: Client): Schedules {
  const { schedule } = client
  const handleOf = ({ serviceId, environment, name }: Name) =>
    schedule.getHandle(scheduleId(serviceId, environment, name))

  const within = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await client.withDeadline(Date.now() + limit, call)
    } catch (error) {
      throw translated(error)
    }
  }
  const orAbsent = (call: () => Promise<unknown>) =>
    within(() =>
      call().catch((error: unknown) => {
        if (!(error instanceof ScheduleNotFoundError)) throw error
      }),
    )

  return {
    put: (row) =>
      within(async () => {
        try {
          await schedule.create(descriptionOf(row))
        } catch (error) {
          if (!(error instanceof ScheduleAlreadyRunning)) throw error
        }
      }),

    state: (name) =>
      within(async () => {
        try {
          const { state, info } = await handleOf(name).describe()
          return { paused: state.paused, nextRuns: info.nextActionTimes }
        } catch (error) {
          if (error instanceof ScheduleNotFoundError) return undefined
          throw error
        }
      }),

    async pause(name, paused, reason) {
      const note = reason ?? (paused ? 'paused' : 'resumed')
      await orAbsent(() => (paused ? handleOf(name).pause(note) : handleOf(name).unpause(note)))
    },

    trigger: (name) => within(() => handleOf(name).trigger(ScheduleOverlapPolicy.ALLOW_ALL)),

    async remove(name) {
      await orAbsent(() => handleOf(name).delete())
    },
  }
}

const descriptionOf = (row: ScheduleRow) => {
  const { serviceId, environment, name, at, cron, paused, pausedReason } = row
  const input: ScheduledInput = { serviceId, environment, name }
  return {
    scheduleId: scheduleId(serviceId, environment, name),
    spec: specOf(row),
    action: {
      type: 'startWorkflow' as const,
      workflowType: workflowTypes.scheduled,
      workflowId: scheduledId(serviceId, environment, name),
      taskQueue: controlQueue,
      args: [input],
    },
    policies: {
      // The deployments themselves wait in their lane; this is about a worker that is down for long.
      overlap: ScheduleOverlapPolicy.BUFFER_ONE,
      catchupWindow: at ? '1d' : '1h',
    },
    state: {
      paused,
      note: pausedReason ?? `${serviceId} ${environment}: ${cron ?? at?.toISOString() ?? ''}`,
      ...(at ? { remainingActions: 1 } : {}),
    },
    typedSearchAttributes: [
      { key: service, value: serviceId },
      { key: environmentKey, value: environment },
    ],
  }
}

function specOf({ cron, at, timeZone, createdAt }: ScheduleRow): ScheduleSpec {
  if (cron === null) return { calendars: [calendarOf(at!, 'UTC')], timezone: 'UTC' }
  return cronSpec(cron, timeZone, createdAt)
}
