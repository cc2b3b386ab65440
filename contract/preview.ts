import { z } from '@hono/zod-openapi'
import { domainSchema, environmentNameSchema, serviceIdSchema } from './service.ts'

/** Of a forge: they count from 1. */
export const requestNumberSchema = z.number().int().min(1).max(999_999_999)

/** The environment of one pull request, whatever the forge calls it. */
export const previewName = (number: number): string => `pr-${number}`

const day = 86_400

const patternSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[A-Za-z0-9._/@+#*-]+$/, 'must be a branch, in which * stands for any text')
  .openapi({ example: 'feature/*' })

const domainPatternSchema = z
  .string()
  .max(253)
  .refine(
    (text) =>
      text.split('{number}').length === 2 && domainSchema.safeParse(withNumber(text, 999_999_999)).success,
    'must be a host name with {number} in it, such as pr-{number}.shop.example.com',
  )

/** The host name of one preview. */
export const withNumber = (pattern: string, number: number): string =>
  pattern.replace('{number}', String(number))

/** Which pull requests get an environment, and what it is like. */
export const previewRuleSchema = z
  .object({
    enabled: z.boolean().describe('false: nothing is deployed; those that are open stay until their end'),
    branches: z.array(patternSchema).max(50).describe('Of requests from these branches only; none: from any'),
    targetBranches: z
      .array(patternSchema)
      .max(50)
      .describe('Of requests into these branches only; none: into any'),
    ttl: z
      .number()
      .int()
      .min(60)
      .max(90 * day)
      .describe('Seconds after the last push at which a preview is removed'),
    allowForks: z
      .boolean()
      .describe('Whether code of forks is run too. Their previews never get a secret, from wherever'),
    variablesFrom: environmentNameSchema
      .nullable()
      .describe(
        "Environment whose variables and config previews inherit, beside the service's; never production",
      ),
    maxOpen: z.number().int().min(1).max(200).describe('At most so many at once'),
    domain: domainPatternSchema
      .nullable()
      .describe('Host name of each in addition to <service>-pr-<number>.localhost; has {number} in it')
      .openapi({ example: 'pr-{number}.shop.example.com' }),
  })
  .openapi('PreviewRule')
export type PreviewRule = z.infer<typeof previewRuleSchema>

const { enabled, variablesFrom, ...rest } = previewRuleSchema.shape

/** What is left out is as it is by default. */
export const putPreviewRuleSchema = z
  .strictObject({
    enabled,
    branches: rest.branches.default([]),
    targetBranches: rest.targetBranches.default([]),
    ttl: rest.ttl.default(7 * day),
    allowForks: rest.allowForks.default(false),
    variablesFrom: variablesFrom
      .optional()
      .describe('Environment whose variables previews inherit; absent: staging, if there is one'),
    maxOpen: rest.maxOpen.default(10),
    domain: rest.domain.default(null),
  })
  .refine(({ variablesFrom: from }) => from !== 'production', {
    path: ['variablesFrom'],
    message: "must not be production: previews never get production's secrets",
  })
  .openapi('PutPreviewRule')
export type PutPreviewRule = z.input<typeof putPreviewRuleSchema>

export const previewSchema = z
  .object({
    serviceId: serviceIdSchema,
    environment: environmentNameSchema.openapi({ example: 'pr-12' }),
    number: requestNumberSchema,
    title: z.string(),
    url: z.string().nullable().describe('Of the request, on its forge'),
    branch: z.string(),
    targetBranch: z.string(),
    fromFork: z.boolean(),
    state: z.enum(['open', 'closing']).describe('closing: it is being removed'),
    closedReason: z.string().nullable(),
    serviceUrl: z.string(),
    liveCommitSha: z.string().nullable(),
    expiresAt: z.iso.datetime(),
    createdAt: z.iso.datetime(),
  })
  .openapi('Preview')
export type Preview = z.infer<typeof previewSchema>
