import { createRoute } from '@hono/zod-openapi'
import {
  environmentSchema,
  newEnvironmentParamsSchema,
  putEnvironmentSchema,
} from '../../contract/service.ts'
import type { EnvironmentRow } from '../../ports/store.ts'
import { needs } from '../authorise.ts'
import type { AppDeps } from '../deps.ts'
import { environmentView } from '../environment-view.ts'
import { findEnvironment, findService } from '../find.ts'
import {
  bodyOf,
  bodyProblems,
  commonProblems,
  environmentParams,
  jsonOf,
  listOf,
  locationHeader,
  newRouter,
  problems,
  serviceParams,
} from '../openapi.ts'
import { putEnvironment } from '../put-environment.ts'
import { pendingChanges } from '../variable-differences.ts'
import { removeEnvironment, requireIdle } from '../remove-environment.ts'

const tags = ['environments']
const path = '/services/{serviceId}/environments/{environment}'
const wanted = { branch: 'main', variables: { DATABASE_URL: 'postgres://shop:secret@db.example.com/shop' } }
const example = {
  serviceId: 'shop',
  environment: 'production',
  branch: 'main',
  variables: [
    { name: 'DATABASE_URL', secret: true, inheritedFrom: 'shop', updatedAt: '2026-01-31T12:00:00.000Z' },
  ],
  domains: ['shop.example.com'],
  autoDeploy: false,
  queue: null,
  approval: null,
  freezes: [{ cron: '0 16 * * 5', seconds: 230_400, timeZone: 'UTC', reason: 'No deploys at the weekend' }],
  hold: null,
  config: { health: { path: '/healthz' } },
  host: 'local',
  serviceUrl: 'http://shop.localhost:8080/',
  live: null,
  pendingChanges: [],
  preview: null,
  createdAt: '2026-01-31T12:00:00.000Z',
}

const put = createRoute({
  method: 'put',
  path,
  operationId: 'putEnvironment',
  ...needs('admin'),
  summary: 'Create or change an environment',
  description:
    'What is left out stays as it is. `variables` replaces all of its own ones; new ones are secret.',
  tags,
  request: { params: newEnvironmentParamsSchema, body: bodyOf(putEnvironmentSchema, wanted) },
  responses: {
    200: jsonOf(environmentSchema, 'Changed', example),
    201: { ...jsonOf(environmentSchema, 'Created', example), headers: locationHeader },
    ...problems(404, 409),
    ...bodyProblems,
    ...commonProblems,
  },
})

const list = createRoute({
  method: 'get',
  path: '/services/{serviceId}/environments',
  operationId: 'listEnvironments',
  ...needs('viewer'),
  summary: 'The environments of a service',
  tags,
  request: { params: serviceParams },
  responses: {
    200: jsonOf(listOf(environmentSchema), 'All environments, by name', { data: [example] }),
    ...problems(404),
    ...commonProblems,
  },
})

const read = createRoute({
  method: 'get',
  path,
  operationId: 'readEnvironment',
  ...needs('viewer'),
  summary: 'One environment',
  tags,
  request: { params: environmentParams },
  responses: {
    200: jsonOf(environmentSchema, 'The environment', example),
    ...problems(404),
    ...commonProblems,
  },
})

const remove = createRoute({
  method: 'delete',
  path,
  operationId: 'deleteEnvironment',
  ...needs('admin'),
  summary: 'Take an environment away, with its running service, releases and deployments',
  tags,
  request: { params: environmentParams },
  responses: { 204: { description: 'Gone' }, ...problems(404, 409), ...commonProblems },
})

export function environmentRoutes(deps: AppDeps) {
  const { store, settings } = deps
  const view = async (row: EnvironmentRow) => {
    const variables = await store.variables.effective(row.serviceId, row.environment)
    return environmentView(settings, row, variables, await pendingChanges(deps, row, variables))
  }

  return newRouter()
    .openapi(put, async (c) => {
      const { serviceId, environment } = c.req.valid('param')
      const change = c.req.valid('json')
      await findService(deps, serviceId)
      const { row, created } = await putEnvironment(deps, serviceId, environment, change, c.get('caller'))
      if (!created) return c.json(await view(row), 200)
      return c.json(await view(row), 201, {
        Location: `/v1/services/${serviceId}/environments/${environment}`,
      })
    })
    .openapi(list, async (c) => {
      const { serviceId } = await findService(deps, c.req.valid('param').serviceId)
      return c.json({ data: await Promise.all((await store.environments.list(serviceId)).map(view)) }, 200)
    })
    .openapi(read, async (c) => c.json(await view(await findEnvironment(deps, c.req.valid('param'))), 200))
    .openapi(remove, async (c) => {
      const row = await findEnvironment(deps, c.req.valid('param'))
      await requireIdle(deps, { serviceId: row.serviceId, environment: row.environment })
      await removeEnvironment(deps, row)
      return c.body(null, 204)
    })
}
