import { z } from '@hono/zod-openapi'
import { tokenRoles } from './roles.ts'
import { serviceIdSchema } from './service.ts'

export { tokenRoles, type TokenRole } from './roles.ts'

/** Days until a new token expires, unless it is said otherwise. */
const standardLifetime = 365

export const tokenIdSchema = z
  .string()
  .regex(/^tok_[0-9a-f]{24}$/)
  .openapi({ example: 'tok_5f0c6d1f0a9d4b8e8f3f6c1d' })

const role = z
  .enum(tokenRoles)
  .describe(
    'viewer reads; deployer also deploys, cancels, retries, rolls back; admin also changes services, environments, tokens',
  )
const serviceId = serviceIdSchema.nullable().describe('The one service that it reaches; null for all')

export const newTokenSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,79}$/, 'must be 1 to 80 letters, digits, spaces and . _ @ -')
      .describe('Who or what uses it; shown with what is done with it'),
    role,
    serviceId: serviceId.optional(),
    expiresInDays: z
      .number()
      .int()
      .min(1)
      .max(3650)
      .nullable()
      .default(standardLifetime)
      .describe('null for never'),
  })
  .openapi('NewToken')

export const tokenSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    role,
    serviceId,
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().nullable(),
    lastUsedAt: z.iso.datetime().nullable().describe('To the minute'),
  })
  .openapi('Token')
export type Token = z.infer<typeof tokenSchema>

export const madeTokenSchema = tokenSchema
  .extend({ token: z.string().describe('Shown this once: only its hash is kept') })
  .openapi('MadeToken')
export type MadeToken = z.infer<typeof madeTokenSchema>

export const callerSchema = z.object({ id: z.string(), name: z.string(), role, serviceId }).openapi('Caller')
/** Who asks: the owner of a token. `admin` is the one of the home, or of SLUICE_TOKEN. */
export type Caller = z.infer<typeof callerSchema>
