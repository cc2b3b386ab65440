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

export const deploymentDiffSchema = z
  .object({
    from: sideSchema,
    to: sideSchema,
    sameCommit: z.boolean(),
    compareUrl: z.string().nullable().describe('Where the forge shows the commits between the two'),
    variables: z.array(variableDifferenceSchema).describe('By name only'),
    plan: z.array(z.object({ field: z.string(), from: z.string().nullable(), to: z.string().nullable() })),
  })
  .openapi('DeploymentDiff')
export type DeploymentDiff = z.infer<typeof deploymentDiffSchema>
