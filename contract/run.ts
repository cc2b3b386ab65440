import { z } from '@hono/zod-openapi'
import { environmentNameSchema, serviceIdSchema } from './service.ts'
import { textUpTo } from './text.ts'

export const runStatuses = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'] as const
export type RunStatus = (typeof runStatuses)[number]

export const isRunOver = (status: RunStatus): boolean => status !== 'QUEUED' && status !== 'RUNNING'

export const runIdSchema = z
  .string()
  .regex(/^run_[0-9a-f]{24}$/)
  .openapi({ example: 'run_5f0c6d1f0a9d4b8e8f3f6c1d' })

export const newRunSchema = z
  .strictObject({
    command: textUpTo(8192).min(1).describe('For `sh -c`, in the folder of the live release'),
  })
  .openapi('NewRun')

export const runSchema = z
  .object({
    id: runIdSchema,
    serviceId: serviceIdSchema,
    environment: environmentNameSchema,
    kind: z.enum(['run', 'cron']),
    cronName: z.string().nullable().describe('Of the cron entry whose turn it is'),
    command: z.string().describe('Values of secret variables are shown as `***`'),
    deploymentId: z.string().describe('In whose release it runs, with its variables'),
    releaseId: z.string(),
    status: z.enum(runStatuses),
    exitCode: z
      .number()
      .int()
      .nullable()
      .describe('128 and the number of the signal, when one ended it; null when nobody saw it end'),
    note: z.string().nullable().describe('Why it failed or ended without an exit status'),
    requestedBy: z.string(),
    createdAt: z.iso.datetime(),
    startedAt: z.iso.datetime().nullable(),
    finishedAt: z.iso.datetime().nullable(),
  })
  .openapi('Run')
export type Run = z.infer<typeof runSchema>

/** `seq` counts up per run and is the SSE id. */
export const runLineSchema = z
  .object({ seq: z.number().int(), at: z.iso.datetime(), text: z.string() })
  .openapi('RunLine')
export type RunLine = z.infer<typeof runLineSchema>
