import { createRoute, z } from '@hono/zod-openapi'
import { findingSchema } from '../../contract/deployment.ts'
import { refSchema } from '../../contract/service.ts'
import { needs } from '../authorise.ts'
import { preflightLimit } from '../accept-deployment.ts'
import type { AppDeps } from '../deps.ts'
import { findEnvironment } from '../find.ts'
import { commonProblems, environmentParams, jsonOf, newRouter, problems } from '../openapi.ts'

const resultSchema = z.object({ ready: z.boolean(), findings: z.array(findingSchema) }).openapi('Preflight')

const check = createRoute({
  method: 'get',
  path: '/services/{serviceId}/environments/{environment}/preflight',
  operationId: 'checkReadiness',
  ...needs('viewer'),
  summary: 'Whether a deployment could start now',
  description: 'Changes nothing. Lists everything that is missing, each with where it is put right.',
  tags: ['environments'],
  request: { params: environmentParams, query: z.object({ ref: refSchema.optional() }) },
  responses: {
    200: jsonOf(resultSchema, 'What was found', { ready: true, findings: [] }),
    ...problems(404, 422),
    ...commonProblems,
  },
})

export const preflightRoutes = (deps: AppDeps) =>
  newRouter().openapi(check, async (c) => {
    const { serviceId, environment, branch } = await findEnvironment(deps, c.req.valid('param'))
    const ref = c.req.valid('query').ref ?? branch
    const target = { serviceId, environment, ref, trigger: 'api' }
    const findings = await deps.readiness.check(target, AbortSignal.timeout(preflightLimit))
    return c.json({ ready: findings.length === 0, findings }, 200)
  })
