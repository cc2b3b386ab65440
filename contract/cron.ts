import { z } from '@hono/zod-openapi'
import { runSchema } from './run.ts'

/** A cron entry of the live release, with what came of its last turn. */
export const cronEntrySchema = z
  .object({
    name: z.string(),
    schedule: z.string().describe('Five fields, or a word such as @daily'),
    timeZone: z.string(),
    command: z.string(),
    nextRuns: z.array(z.iso.datetime()).describe('The next three'),
    lastRun: z.union([runSchema, z.null()]).describe('The newest turn; its output is that of the run'),
    note: z.string().nullable().describe('Why its times cannot be kept'),
  })
  .openapi('CronEntry')
export type CronEntry = z.infer<typeof cronEntrySchema>
