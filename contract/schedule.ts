import { z } from '@hono/zod-openapi'
import { environmentNameSchema, refSchema, scheduleNameSchema, serviceIdSchema } from './service.ts'
import { isTimeZone, whyNoRecurrence } from './schedule-times.ts'
import { textUpTo } from './text.ts'

/** A schedule of Temporal's knows no other years. */
function isTemporalYear(time: string): boolean {
  const year = new Date(time).getUTCFullYear()
  return year >= 2000 && year <= 2100
}

/** What a schedule does when its time has come. */
export const scheduleActionSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('deploy'),
      ref: refSchema.optional().describe("Branch, tag or commit; the environment's branch when absent"),
    }),
    z.strictObject({ kind: z.literal('redeploy') }).describe('The live commit once more, from the start'),
    z.strictObject({
      kind: z.literal('rollback'),
      releaseId: textUpTo(120).optional().describe('The kept release before the live one when absent'),
    }),
  ])
  .openapi('ScheduleAction')
export type ScheduleAction = z.infer<typeof scheduleActionSchema>

export const newScheduleSchema = z
  .strictObject({
    name: scheduleNameSchema,
    cron: z
      .string()
      .max(200)
      .optional()
      .describe('Five fields (minute hour day month weekday), or a word such as @daily'),
    at: z.iso
      .datetime({ offset: true })
      .refine(isTemporalYear, 'must be in the years 2000 to 2100')
      .optional()
      .describe('Once, at this time'),
    timeZone: z
      .string()
      .max(64)
      .refine(isTimeZone, 'must be a time zone such as Europe/Berlin')
      .optional()
      .describe('Of `cron`; UTC when absent'),
    action: scheduleActionSchema.optional().describe("Deploys the environment's branch when absent"),
  })
  .superRefine(({ cron, at, timeZone }, context) => {
    const wrong = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message })
    if ((cron === undefined) === (at === undefined)) wrong('cron', 'say either cron or at')
    if (at !== undefined && timeZone !== undefined)
      wrong('timeZone', 'belongs to cron; at has an offset of its own')
    const why = cron === undefined ? undefined : whyNoRecurrence(cron)
    if (why !== undefined) wrong('cron', why)
  })
  .openapi('NewSchedule')
export type NewSchedule = z.infer<typeof newScheduleSchema>

export const scheduleSchema = z
  .object({
    serviceId: serviceIdSchema,
    environment: environmentNameSchema,
    name: scheduleNameSchema,
    cron: z.string().nullable(),
    at: z.iso.datetime().nullable(),
    timeZone: z.string(),
    action: scheduleActionSchema,
    paused: z.boolean(),
    pausedReason: z.string().nullable(),
    nextRuns: z.array(z.iso.datetime()).describe('The next five; none once a single run is over'),
    lastRun: z
      .object({
        at: z.iso.datetime(),
        deploymentId: z.string().nullable(),
        note: z.string().nullable().describe('Why nothing was started'),
      })
      .nullable(),
    scheduleId: z.string().describe("Of Temporal's schedule"),
    createdAt: z.iso.datetime(),
  })
  .openapi('Schedule')
export type Schedule = z.infer<typeof scheduleSchema>

export const pauseSchema = z.strictObject({ reason: z.string().max(500).optional() }).openapi('Pause')
