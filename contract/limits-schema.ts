import { z } from '@hono/zod-openapi'
import { defaultLimits, type Limits, sizeUnits } from './limits.ts'

/** What the processes of one job, or of one instance of a service, may take together. */
export const limitsSchema: z.ZodType<Limits> = z
  .object({
    memory: z.number().int().nullable().describe('Bytes; null for as much as the host has'),
    processes: z.number().int().describe('Processes and threads at a time'),
    openFiles: z.number().int().describe('Files and sockets that one process may have open'),
  })
  .openapi('Limits')

const sizeForm = 'must be bytes as a number, or text such as 512M or 2G'

/** What `sluice.yaml` may say about them. A process of Node needs about 40 MB before it does anything. */
export const limitsConfigSchema = z.strictObject({
  memory: z
    .union([z.number().int(), z.string().regex(/^\d{1,9}[KMG]$/, sizeForm)], { error: sizeForm })
    .transform((value) => {
      if (typeof value === 'number') return value
      return Number(value.slice(0, -1)) * sizeUnits[value.at(-1) as keyof typeof sizeUnits]
    })
    .refine((bytes) => bytes >= 4 * sizeUnits.M && bytes <= 2 ** 50, 'must be from 4M to 1048576G')
    .optional()
    .describe('Together, for example 512M; default as much as the host has'),
  processes: z
    .number()
    .int()
    .min(8)
    .max(1_000_000)
    .optional()
    .describe(`Processes and threads at a time; default ${defaultLimits.processes}`),
  openFiles: z
    .number()
    .int()
    .min(32)
    .max(1_000_000)
    .optional()
    .describe(`Open files and sockets of one process; default ${defaultLimits.openFiles}`),
})
