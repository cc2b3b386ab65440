import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type Client,
} from '@temporalio/client'
import { controlQueue, cronScheduleId, cronWorkflowId, workflowTypes } from '../../contract/names.ts'
import type { ScheduledInput } from '../../contract/workflows.ts'
import type { CronSchedules } from '../../ports/cron-schedules.ts'
import type { CronTimes } from '../../ports/cron-store.ts'
import { cronSpec } from './cron-spec.ts'
import { translated } from './schedule-errors.ts'

/** Milliseconds until the next look tries again. */
const limit = 5_000

/** A Schedule for each cron entry: one turn at a time, and none is made up for. */
export function temporalCron(client: Client): CronSchedules {
  const { schedule } = client
  const handleOf = ({ serviceId, environment, name }: CronTimes) =>
    schedule.getHandle(cronScheduleId(serviceId, environment, name))
  const within = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await client.withDeadline(Date.now() + limit, call)
    } catch (error) {
      throw translated(error)
    }
  }
  return {
    put: (entry) =>
      within(async () => {
        const { spec, action, policies } = descriptionOf(entry)
        try {
          await schedule.create({
            scheduleId: cronScheduleId(entry.serviceId, entry.environment, entry.name),
            ...{ spec, action, policies },
          })
        } catch (error) {
          if (!(error instanceof ScheduleAlreadyRunning)) throw error
          await handleOf(entry).update((before) => ({ ...before, spec, action, policies }))
        }
      }),
    isThere: (entry) =>
      within(() =>
        handleOf(entry)
          .describe()
          .then(() => true, ifAbsent(false)),
      ),
    remove: (entry) => within(() => handleOf(entry).delete().then(undefined, ifAbsent(undefined))),
  }
}

const ifAbsent =
  <T>(answer: T) =>
  (error: unknown): T => {
    if (error instanceof ScheduleNotFoundError) return answer
    throw error
  }

function descriptionOf({ serviceId, environment, name, schedule, timeZone }: CronTimes) {
  const input: ScheduledInput = { serviceId, environment, name }
  return {
    spec: cronSpec(schedule, timeZone, new Date()),
    action: {
      type: 'startWorkflow' as const,
      workflowType: workflowTypes.cron,
      workflowId: cronWorkflowId(serviceId, environment, name),
      taskQueue: controlQueue,
      args: [input],
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1m' },
  }
}
