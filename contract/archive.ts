import { z } from '@hono/zod-openapi'
import { environmentNameSchema, serviceIdSchema } from './service.ts'

/** What an upload may be announced as; its content alone says what it is. */
export const archiveTypes = [
  'application/octet-stream',
  'application/zip',
  'application/x-zip-compressed',
  'application/java-archive',
  'application/x-tar',
  'application/gzip',
  'application/x-gzip',
  'application/zstd',
] as const

/** Whom an archive is for. */
export const archiveParamsSchema = z.object({
  serviceId: serviceIdSchema,
  environment: environmentNameSchema,
})

export const archiveQuerySchema = z.object({
  name: z
    .string()
    .max(100)
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.+@ -]*$/, 'must be a plain file name')
    .optional()
    .describe('What the upload is called, shown as the ref of the deployment'),
})

export const archiveUrlSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https$/, error: 'must be an https url' })
      .max(2048)
      .refine((url) => !hasLogin(url), 'must not hold a user name or a password')
      .describe('Where the host fetches the archive from; a query in it is kept secret'),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits in lower case')
      .optional()
      .describe('Sum of the archive; another one is not deployed'),
  })
  .openapi('ArchiveUrl')
export type ArchiveUrl = z.infer<typeof archiveUrlSchema>

function hasLogin(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { username, password } = new URL(url)
  return username !== '' || password !== ''
}
