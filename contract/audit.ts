import { z } from '@hono/zod-openapi'
import { environmentNameSchema, serviceIdSchema } from './service.ts'
import { textUpTo } from './text.ts'
import { tokenRoles } from './token.ts'

export const auditEntrySchema = z
  .object({
    at: z.iso.datetime(),
    actorId: z.string().describe('Id of the token; `admin` for the one of the installation'),
    actorName: z.string(),
    role: z.enum(tokenRoles),
    address: z.string().describe('Where the request came from, as the server saw it'),
    action: z.string().describe('operationId of the call'),
    serviceId: z.string().nullable(),
    environment: z.string().nullable(),
    target: z.string().nullable().describe('What else was named: a deployment, a variable, a token'),
    status: z.number().int().describe('HTTP status of the answer'),
    code: z.string().nullable().describe('Of the problem, when it was refused'),
    requestId: z.string(),
  })
  .openapi('AuditEntry')
export type AuditEntry = z.infer<typeof auditEntrySchema>

export const listAuditSchema = z.object({
  serviceId: serviceIdSchema.optional(),
  environment: environmentNameSchema.optional(),
  actor: textUpTo(100).optional().describe('Id of a token, or `admin`'),
  action: z
    .string()
    .regex(/^[a-zA-Z]{1,60}$/)
    .optional()
    .openapi({ example: 'createDeployment' }),
  outcome: z.enum(['done', 'refused']).optional(),
  since: z.iso.datetime().optional(),
  until: z.iso.datetime().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50).openapi({ type: 'integer' }),
  cursor: z.string().max(200).optional(),
})
