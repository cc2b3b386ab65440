import { z } from '@hono/zod-openapi'
import { environmentNameSchema, refSchema, serviceIdSchema } from './service.ts'
import { textUpTo } from './text.ts'
import {
  compensations,
  deploymentStatuses,
  migrationAnswers,
  stepNames,
  stepStatuses,
  triggers,
} from './vocabulary.ts'

export const newDeploymentSchema = z
  .strictObject({
    serviceId: serviceIdSchema,
    environment: environmentNameSchema,
    ref: refSchema.optional().describe("Branch, tag or commit; the environment's branch when absent"),
  })
  .openapi('NewDeployment')

export const rollbackSchema = z
  .strictObject({
    releaseId: textUpTo(120).optional().describe('The kept release before the live one when absent'),
    deploymentId: textUpTo(120)
      .optional()
      .describe('A past deployment; when its release is gone, its commit is built again with its variables'),
  })
  .refine(
    ({ releaseId, deploymentId }) => releaseId === undefined || deploymentId === undefined,
    'say either releaseId or deploymentId',
  )
  .openapi('Rollback')

export const rejectSchema = z.strictObject({ reason: z.string().max(500).optional() }).openapi('Reject')

export const archiveManySchema = z
  .strictObject({ deploymentIds: z.array(textUpTo(120)).min(1).max(500), archived: z.boolean() })
  .openapi('ArchiveMany')

export const archivedManySchema = z
  .object({
    changed: z.array(z.string()),
    skipped: z.array(z.string()).describe('Those that have not ended, or do not exist'),
  })
  .openapi('ArchivedMany')

export const cancelSchema = z.strictObject({ reason: z.string().max(500).optional() }).openapi('Cancel')

export const resolveSchema = z
  .strictObject({
    migration: z.enum(migrationAnswers).describe('Whether the migration took effect, as you found it'),
  })
  .openapi('Resolve')

export const failureSchema = z
  .object({
    step: z.enum(stepNames).nullable(),
    code: z.string(),
    message: z.string(),
    hint: z.string(),
    link: z.string(),
  })
  .openapi('Failure')

export const stepSchema = z
  .object({
    name: z.enum(stepNames),
    status: z.enum(stepStatuses),
    attempt: z.number().int().describe('0 until it has started'),
    detail: z.string().nullable().describe('What it did, or why it was skipped'),
    startedAt: z.iso.datetime().nullable(),
    finishedAt: z.iso.datetime().nullable(),
    lastFailure: z.string().nullable().describe('Why the last attempt that was to be repeated failed'),
    nextAttemptAt: z.iso
      .datetime()
      .nullable()
      .describe('When it is tried again; null unless it waits for that'),
  })
  .openapi('Step')
export type Step = z.infer<typeof stepSchema>

export const deploymentSchema = z
  .object({
    id: z.string(),
    number: z.number().int(),
    serviceId: z.string(),
    environment: z.string(),
    status: z.enum(deploymentStatuses),
    trigger: z.enum(triggers),
    ref: z.string(),
    commitSha: z.string().nullable(),
    commitMessage: z.string().nullable(),
    repoFullName: z.string().nullable(),
    stackId: z.string().nullable(),
    serviceUrl: z.string().nullable(),
    actionsRunUrl: z.string().nullable(),
    releaseId: z.string().nullable(),
    live: z.boolean(),
    steps: z.array(stepSchema),
    // `nullable()` would make the schema of that name nullable itself, in the document.
    failure: z.union([failureSchema, z.null()]),
    compensation: z.enum(compensations),
    cancelRequested: z
      .object({ by: z.string(), reason: z.string().nullable(), at: z.iso.datetime() })
      .nullable(),
    migrationResolved: z
      .object({ answer: z.enum(migrationAnswers), by: z.string(), at: z.iso.datetime() })
      .nullable()
      .describe('What a person found out about a migration whose outcome was unknown'),
    rollbackOf: z.string().nullable().describe('For a rollback: the deployment that built the release'),
    retryOf: z.string().nullable(),
    supersededBy: z.string().nullable(),
    archivedAt: z.iso.datetime().nullable(),
    workflowId: z.string(),
    runId: z.string().nullable(),
    temporalUrl: z.string().nullable(),
    queuePosition: z.number().int().nullable().describe('1 is next; null when not queued'),
    queuedAt: z.iso.datetime(),
    startedAt: z.iso.datetime().nullable(),
    finishedAt: z.iso.datetime().nullable(),
  })
  .openapi('Deployment')
export type Deployment = z.infer<typeof deploymentSchema>

export const listDeploymentsSchema = z.object({
  serviceId: serviceIdSchema.optional(),
  environment: environmentNameSchema.optional(),
  status: z.enum(deploymentStatuses).optional(),
  trigger: z.enum(triggers).optional(),
  commit: z
    .string()
    .regex(/^[0-9a-f]{4,40}$/, 'must be the first 4 to 40 digits of a commit')
    .optional(),
  since: z.iso.datetime({ offset: true }).optional().describe('Queued at this time or later'),
  until: z.iso.datetime({ offset: true }).optional().describe('Queued before this time'),
  includeArchived: z.stringbool().default(false).openapi({ type: 'boolean' }),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(200).optional(),
})

export const releaseSchema = z
  .object({
    releaseId: z.string(),
    deploymentId: z.string().describe('The deployment that built it'),
    commitSha: z.string().nullable(),
    live: z.boolean(),
    kept: z.boolean().describe('Still on the disk, so that a rollback to it is instant'),
    createdAt: z.iso.datetime(),
  })
  .openapi('Release')
export type Release = z.infer<typeof releaseSchema>

export const findingSchema = z
  .object({
    code: z.string(),
    message: z.string(),
    link: z.string().describe('The page of the dashboard where it is put right'),
    guide: z.string().optional().describe('Where the code is explained'),
    fix: z.string().nullable().describe('The command that puts it right'),
  })
  .openapi('Finding')
export type Finding = z.infer<typeof findingSchema>

export const logLineSchema = z
  .object({
    seq: z.number().int(),
    step: z.enum(stepNames).nullable(),
    at: z.iso.datetime(),
    text: z.string(),
  })
  .openapi('LogLine')
export type LogLine = z.infer<typeof logLineSchema>

/** Something that changed in a deployment. `seq` counts up per deployment and is the SSE id. */
export const deploymentEventSchema = z
  .object({
    seq: z.number().int(),
    at: z.iso.datetime(),
    type: z.enum(['queued', 'started', 'step', 'retry', 'live', 'approval', 'cancelRequested', 'finished']),
    step: z.enum(stepNames).nullable(),
    status: z.string().describe('Of the step for `step` and `retry`, else of the deployment'),
    attempt: z.number().int().nullable(),
    detail: z.string().nullable().describe('For `retry`: why the attempt failed'),
    nextAttemptAt: z.iso.datetime().nullable().describe('For `retry`: when the next one begins'),
  })
  .openapi('DeploymentEvent')
export type DeploymentEvent = z.infer<typeof deploymentEventSchema>
