import { z } from '@hono/zod-openapi'

export const variableDifferenceSchema = z
  .object({ name: z.string(), change: z.enum(['added', 'changed', 'removed']) })
  .openapi('VariableDifference')
export type VariableDifference = z.infer<typeof variableDifferenceSchema>

const sideSchema = z.object({
  deploymentId: z.string(),
  commitSha: z.string().nullable(),
  commitMessage: z.string().nullable(),
  releaseId: z.string().nullable(),
})

/** Commits of each side that a diff shows at most. */
export const diffCommits = 250

const commitSchema = z
  .object({ sha: z.string(), at: z.iso.datetime(), author: z.string(), subject: z.string() })
  .openapi('DiffCommit')

const commitsSchema = z
  .object({
    added: z.array(commitSchema).describe('What `to` has and `from` has not, newest first'),
    removed: z.array(commitSchema).describe('What `from` has and `to` has not, newest first'),
    complete: z.boolean().describe(`False when there are more than ${diffCommits} on one side`),
  })
  .openapi('DiffCommits')

export const deploymentDiffSchema = z
  .object({
    from: sideSchema,
    to: sideSchema,
    sameCommit: z.boolean(),
    compareUrl: z.string().nullable().describe('Where the forge shows the commits between the two'),
    commits: z
      .union([commitsSchema, z.null()])
      .describe('null for archives, and while the repository cannot be read'),
    variables: z.array(variableDifferenceSchema).describe('By name only'),
    plan: z.array(z.object({ field: z.string(), from: z.string().nullable(), to: z.string().nullable() })),
  })
  .openapi('DeploymentDiff')
export type DeploymentDiff = z.infer<typeof deploymentDiffSchema>
