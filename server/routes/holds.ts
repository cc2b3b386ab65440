import { createRoute } from '@hono/zod-openapi'
import { holdSchema, putHoldSchema } from '../../contract/service.ts'
import { needs } from '../authorise.ts'
import type { AppDeps } from '../deps.ts'
import { findEnvironment } from '../find.ts'
import {
  bodyOf,
  bodyProblems,
  commonProblems,
  environmentParams,
  jsonOf,
  newRouter,
  problems,
} from '../openapi.ts'
import { notFound } from '../refusal.ts'

const tags = ['environments']
const path = '/services/{serviceId}/environments/{environment}/hold'
const reason = 'The database is being moved.'

const put = createRoute({
  method: 'put',
  path,
  operationId: 'holdEnvironment',
  ...needs('deployer'),
  summary: 'Let nothing be deployed until the hold is lifted',
  description: 'What was accepted before goes on, and a rollback is always accepted.',
  tags,
  request: { params: environmentParams, body: bodyOf(putHoldSchema, { reason }) },
  responses: {
    200: jsonOf(holdSchema, 'Held', { reason, by: 'api', since: '2026-01-31T12:00:00.000Z' }),
    ...problems(404),
    ...bodyProblems,
    ...commonProblems,
  },
})

const remove = createRoute({
  method: 'delete',
  path,
  operationId: 'unholdEnvironment',
  ...needs('deployer'),
  summary: 'Lift the hold',
  tags,
  request: { params: environmentParams },
  responses: { 204: { description: 'Not held (any more)' }, ...problems(404), ...commonProblems },
})

export function holdRoutes(deps: AppDeps) {
  const { environments } = deps.store
  return newRouter()
    .openapi(put, async (c) => {
      const { serviceId, environment } = await findEnvironment(deps, c.req.valid('param'))
      const by = c.get('caller').name
      await environments.hold(serviceId, environment, { reason: c.req.valid('json').reason, by })
      const { hold } = await findEnvironment(deps, { serviceId, environment })
      if (!hold) throw notFound('Environment', environment)
      return c.json({ ...hold, since: hold.since.toISOString() }, 200)
    })
    .openapi(remove, async (c) => {
      const { serviceId, environment } = await findEnvironment(deps, c.req.valid('param'))
      await environments.hold(serviceId, environment, null)
      return c.body(null, 204)
    })
}
