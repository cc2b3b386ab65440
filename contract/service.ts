import { z } from '@hono/zod-openapi'
import { variableDifferenceSchema } from './diff.ts'
import { configSchema } from './config.ts'
import { freezeSchema } from './freeze.ts'
import { routeHost } from './names.ts'
import { queuePolicies } from './queue-policy.ts'

/** Names become folders, host names and workflow ids: a DNS label, short enough that two of them fit in one. */
const name = (what: string) =>
  z
    .string()
    .max(40, `${what} must be at most 40 characters`)
    .regex(
      /^[a-z]([a-z0-9-]*[a-z0-9])?$/,
      `${what} must be lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen`,
    )

export const serviceIdSchema = name('a service id').openapi({ example: 'shop' })
export const scheduleNameSchema = name('a schedule name').openapi({ example: 'nightly' })
export const environmentNameSchema = name('an environment name').openapi({ example: 'production' })

/** An environment that is to be: its host name has both names in one label, of which DNS allows 63 characters. */
export const newEnvironmentParamsSchema = z
  .object({ serviceId: serviceIdSchema, environment: environmentNameSchema })
  .refine(({ serviceId, environment }) => routeHost(serviceId, environment).split('.')[0]!.length <= 63, {
    path: ['environment'],
    message: 'is too long together with the service id: a host name has room for 62 characters of both',
  })

/** git's own rule accepts `a$(id)`, `-x` and `@`: this is narrower. */
export const refSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(
    /^(?![-/.@])(?!.*(\.\.|\/\/|@\{|\/\.|\.lock(\/|$)))[A-Za-z0-9._/@+#-]+(?<![/.])$/,
    'must be a branch, a tag or a commit: letters, digits and . _ / - + # only, not starting with - . / or @',
  )
  .refine((ref) => !ref.split('/').some((part) => part.startsWith('-')), 'no part may start with a hyphen')
  .openapi({ example: 'main' })

export const sourceSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('git'),
      url: z
        .string()
        .min(1)
        .max(2048)
        .describe(
          'https url, or the path of a repository under SLUICE_SOURCE_ROOTS; a password in it is stored encrypted',
        ),
    }),
    z.strictObject({ kind: z.literal('push') }).describe('No repository elsewhere: people push to Sluice'),
  ])
  .openapi('Source')
export type ServiceSource = z.infer<typeof sourceSchema>

export const newServiceSchema = z
  .strictObject({
    serviceId: serviceIdSchema,
    source: sourceSchema,
  })
  .openapi('NewService')
export const changeServiceSchema = z
  .strictObject({
    source: sourceSchema,
    sweepSeconds: z
      .union([z.literal(0), z.number().int().min(30).max(86_400), z.null()])
      .describe(
        'How often the repository is asked for pushes that no forge has told of; 0 for never, null for every 5 minutes',
      ),
  })
  .partial()
  .openapi('ChangeService')

export const serviceSchema = z
  .object({
    serviceId: serviceIdSchema,
    source: sourceSchema.describe('A password in the url is shown as ***'),
    repoFullName: z.string().nullable().describe('owner/name, where the url has one'),
    sweepSeconds: z.number().int().nullable(),
    pushUrl: z.string().nullable().describe('Where to push to, for a service with the source `push`'),
    environments: z.array(z.string()),
    createdAt: z.iso.datetime(),
  })
  .openapi('Service')
export type Service = z.infer<typeof serviceSchema>

export const variableNameSchema = z
  .string()
  .max(255)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a variable name is letters, digits and _, not starting with a digit')
  .refine(
    (variable) => !reservedVariables.has(variable) && !variable.startsWith('SLUICE_'),
    'this variable is set by Sluice itself',
  )
const reservedVariables = new Set(['PORT'])

export const variableValueSchema = z
  .string()
  .refine((value) => !value.includes('\0'), 'a value must not contain a NUL')
  .refine(
    (value) => Buffer.byteLength(value) < 128 * 1024,
    'a value must be smaller than 128 KiB (the limit of execve)',
  )

export const variablesInputSchema = z
  .record(variableNameSchema, variableValueSchema)
  .refine((all) => Object.keys(all).length <= 500, 'at most 500 variables')

const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'
export const domainSchema = z
  .string()
  .max(253)
  .regex(new RegExp(`^${label}(\\.${label})+$`), 'must be a lower-case host name such as shop.example.com')
  // The rule of the URL standard: whatever ends in a number is an IPv4 address, or none at all.
  .refine((domain) => !/\.(\d+|0x[0-9a-f]*)$/.test(domain), 'must be a host name and not an address')

export const putEnvironmentSchema = z
  .strictObject({
    branch: refSchema,
    variables: variablesInputSchema.optional().describe('Replaces all variables of the environment'),
    domains: z.array(domainSchema).max(50).optional(),
    autoDeploy: z.boolean().optional().describe('Whether pushes to the branch are deployed'),
    config: configSchema.optional(),
    queue: z
      .enum(queuePolicies)
      .nullable()
      .optional()
      .describe(
        'What becomes of deployments that wait when another one comes; null: `newest-wins` for pushes, `every` for the rest',
      ),
    approval: z
      .strictObject({ within: z.number().int().min(1).max(604_800).describe('Seconds; then it fails') })
      .nullable()
      .optional()
      .describe('Deployments wait before their migration and switch until somebody approves them'),
    freezes: z.array(freezeSchema).max(50).optional().describe('Times in which nothing is deployed'),
  })
  .openapi('PutEnvironment')
export type PutEnvironment = z.infer<typeof putEnvironmentSchema>

const inheritedFromSchema = z
  .string()
  .nullable()
  .describe('null: its own. Else whose it is: `shop` for the service, `shop/staging` for another environment')

export const liveSchema = z
  .object({
    deploymentId: z.string(),
    number: z.number().int(),
    releaseId: z.string(),
    commitSha: z.string().nullable(),
    since: z.iso.datetime(),
  })
  .openapi('Live')

export const putHoldSchema = z
  .strictObject({ reason: z.string().min(1).max(500).describe('Shown to whoever tries to deploy') })
  .openapi('PutHold')

export const holdSchema = z
  .object({ reason: z.string(), by: z.string(), since: z.iso.datetime() })
  .openapi('Hold')

export const environmentSchema = z
  .object({
    serviceId: serviceIdSchema,
    environment: environmentNameSchema,
    branch: z.string(),
    variables: z.array(
      z.object({
        name: z.string(),
        secret: z.boolean(),
        inheritedFrom: inheritedFromSchema,
        updatedAt: z.iso.datetime(),
      }),
    ),
    domains: z.array(z.string()),
    autoDeploy: z.boolean(),
    queue: z.enum(queuePolicies).nullable(),
    approval: z.union([z.object({ within: z.number().int() }), z.null()]),
    freezes: z.array(freezeSchema),
    hold: z.union([holdSchema, z.null()]).describe('Why nothing may be deployed, while it is held'),
    config: z.record(z.string(), z.unknown()),
    host: z.string(),
    serviceUrl: z.string(),
    live: z.union([liveSchema, z.null()]),
    pendingChanges: z
      .array(variableDifferenceSchema)
      .describe(
        'Variables that the live release does not run with yet; a restart or a deployment applies them',
      ),
    preview: z
      .union([
        z.object({
          variablesFrom: z.string().nullable().describe('Another environment that it inherits from'),
          secrets: z.boolean().describe('false for a fork: no secret is inherited, from wherever'),
        }),
        z.null(),
      ])
      .describe('Of a pull request; null for the others'),
    createdAt: z.iso.datetime(),
  })
  .openapi('Environment')
export type Environment = z.infer<typeof environmentSchema>

export const variableSchema = z
  .object({
    name: z.string(),
    secret: z.boolean(),
    value: z.string().nullable().describe('null for a secret: those are write-only'),
    inheritedFrom: inheritedFromSchema,
    updatedAt: z.iso.datetime(),
  })
  .openapi('Variable')
export type Variable = z.infer<typeof variableSchema>

export const changeVariablesSchema = z
  .strictObject({
    set: z.record(variableNameSchema, variableValueSchema).default({}),
    secret: z
      .boolean()
      .optional()
      .describe('Of what is set; those that are there stay as they are when absent'),
    remove: z.array(variableNameSchema).max(500).default([]),
  })
  .refine(
    ({ set, remove }) => remove.every((name) => !Object.hasOwn(set, name)),
    'a variable is both set and removed',
  )
  .openapi('ChangeVariables')

export const variableChangeSchema = z
  .object({
    name: z.string(),
    change: z.enum(['set', 'removed']),
    secret: z.boolean(),
    version: z.number().int().describe('Counts up per name'),
    at: z.iso.datetime(),
  })
  .openapi('VariableChange')

export const listVariableChangesSchema = z.object({
  name: variableNameSchema.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, 'is not a cursor of this list')
    .optional(),
})

export const variableChangesSchema = z.object({
  data: z.array(variableChangeSchema),
  nextCursor: z.string().nullable(),
})

export const putVariableSchema = z
  .strictObject({ value: variableValueSchema, secret: z.boolean().default(true) })
  .openapi('PutVariable')
