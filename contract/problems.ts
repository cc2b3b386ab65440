import { z } from '@hono/zod-openapi'
import { findingSchema } from './deployment.ts'

/** RFC 9457, with a stable code and the fields that are wrong. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    requestId: z.string(),
    errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
    findings: z.array(findingSchema).optional().describe('What the preflight found (code PreflightFailed)'),
  })
  .openapi('Problem')
export type Problem = z.infer<typeof problemSchema>
