import { createRoute } from '@hono/zod-openapi'
import { releaseSchema } from '../../contract/deployment.ts'
import { needs } from '../authorise.ts'
import type { AppDeps } from '../deps.ts'
import { findEnvironment } from '../find.ts'
import { commonProblems, environmentParams, jsonOf, listOf, newRouter, problems } from '../openapi.ts'

const example = {
  releaseId: 'shop.production.r6',
  deploymentId: 'shop.production.6',
  commitSha: '5f0c6d1f0a9d4b8e8f3f6c1d2b7a9e0c4d5e6f70',
  live: false,
  kept: true,
  createdAt: '2026-01-31T12:00:00.000Z',
}

const list = createRoute({
  method: 'get',
  path: '/services/{serviceId}/environments/{environment}/releases',
  operationId: 'listReleases',
  ...needs('viewer'),
  summary: 'What was built, and what can be gone back to',
  tags: ['environments'],
  request: { params: environmentParams },
  responses: {
    200: jsonOf(listOf(releaseSchema), 'Releases, newest first', { data: [example] }),
    ...problems(404),
    ...commonProblems,
  },
})

export const releaseRoutes = (deps: AppDeps) =>
  newRouter().openapi(list, async (c) => {
    const { serviceId, environment } = await findEnvironment(deps, c.req.valid('param'))
    return c.json({ data: await deps.store.releases.list(serviceId, environment) }, 200)
  })
