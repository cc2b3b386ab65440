import { createRoute, z } from '@hono/zod-openapi'
import { PlanError, planSchema, type Plan } from '../../contract/plan.ts'
import { refSchema } from '../../contract/service.ts'
import { isDetectionFile, packVariables, plan } from '../../plan/index.ts'
import { openVariables } from '../../ports/opened-variables.ts'
import { SourceError, type Repository } from '../../ports/source.ts'
import type { EnvironmentRow } from '../../ports/store.ts'
import { needs } from '../authorise.ts'
import type { AppDeps } from '../deps.ts'
import { repositoryOf } from '../../ports/repository.ts'
import { findEnvironment, findService } from '../find.ts'
import { commonProblems, environmentParams, jsonOf, newRouter, problems } from '../openapi.ts'
import { Refusal } from '../refusal.ts'

/** Milliseconds to ask the repository; a first look at a large one fetches it. */
const sourceLimit = 60_000

const read = createRoute({
  method: 'get',
  path: '/services/{serviceId}/environments/{environment}/plan',
  operationId: 'readPlan',
  ...needs('viewer'),
  summary: 'How this environment would be built and started, and why',
  description: 'Reads the repository; builds nothing.',
  tags: ['environments'],
  request: { params: environmentParams, query: z.object({ ref: refSchema.optional() }) },
  responses: { 200: jsonOf(planSchema, 'The plan'), ...problems(404, 422), ...commonProblems },
})

type PlanDeps = Pick<AppDeps, 'source' | 'store' | 'secrets'>

/** @throws SourceError, PlanError */
export async function planAt(
  deps: PlanDeps,
  repository: Repository,
  { serviceId, environment, config }: Pick<EnvironmentRow, 'serviceId' | 'environment' | 'config'>,
  ref: string,
  signal: AbortSignal,
): Promise<Plan> {
  const { source } = deps
  const { sha } = await source.resolve(repository, ref, signal)
  const [tree, variables] = await Promise.all([
    source.readTree(repository, sha, isDetectionFile),
    openVariables(deps, { serviceId, environment }, packVariables),
  ])
  return plan(tree, config, variables)
}

export const planRoutes = (deps: AppDeps) =>
  newRouter().openapi(read, async (c) => {
    const environment = await findEnvironment(deps, c.req.valid('param'))
    const repository = repositoryOf(deps.secrets, await findService(deps, environment.serviceId))
    return c.json(
      await planOf(deps, repository, environment, c.req.valid('query').ref ?? environment.branch),
      200,
    )
  })

async function planOf(
  deps: PlanDeps,
  repository: Repository,
  environment: EnvironmentRow,
  ref: string,
): Promise<Plan> {
  try {
    return await planAt(deps, repository, environment, ref, AbortSignal.timeout(sourceLimit))
  } catch (error) {
    if (error instanceof SourceError) throw new Refusal(422, error.code, error.message)
    if (error instanceof PlanError)
      throw new Refusal(422, error.code, error.message, { errors: error.details })
    throw error
  }
}
