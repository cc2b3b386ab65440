import { createRoute } from '@hono/zod-openapi'
import {
  putVariableSchema,
  variableNameSchema,
  variableSchema,
  type Variable,
} from '../../contract/service.ts'
import type { EnvironmentRow } from '../../ports/store.ts'
import { needs } from '../authorise.ts'
import type { AppDeps } from '../deps.ts'
import { findEnvironment } from '../find.ts'
import {
  bodyOf,
  bodyProblems,
  commonProblems,
  environmentParams,
  jsonOf,
  listOf,
  newRouter,
  problems,
} from '../openapi.ts'
import { notFound, Refusal } from '../refusal.ts'
import { variableContext } from '../../contract/names.ts'

const tags = ['environments']
const path = '/services/{serviceId}/environments/{environment}/variables'
const variableParams = environmentParams.extend({
  name: variableNameSchema.openapi({ example: 'LOG_LEVEL' }),
})
const example = { name: 'LOG_LEVEL', secret: false, value: 'info', updatedAt: '2026-01-31T12:00:00.000Z' }
/** As with `variables` of an environment. */
const mostVariables = 500

const list = createRoute({
  method: 'get',
  path,
  operationId: 'listVariables',
  ...needs('viewer'),
  summary: 'The variables of an environment',
  description: 'Secret ones without their value: those are write-only.',
  tags,
  request: { params: environmentParams },
  responses: {
    200: jsonOf(listOf(variableSchema), 'All variables, by name', { data: [example] }),
    ...problems(404),
    ...commonProblems,
  },
})

const put = createRoute({
  method: 'put',
  path: `${path}/{name}`,
  operationId: 'putVariable',
  ...needs('admin'),
  summary: 'Set a variable',
  description: 'Releases keep the variables that they were built with: deploy to apply it.',
  tags,
  request: { params: variableParams, body: bodyOf(putVariableSchema, { value: 'info', secret: false }) },
  responses: {
    200: jsonOf(variableSchema, 'Changed', example),
    201: jsonOf(variableSchema, 'Set for the first time', example),
    ...problems(404),
    ...bodyProblems,
    ...commonProblems,
  },
})

const remove = createRoute({
  method: 'delete',
  path: `${path}/{name}`,
  operationId: 'deleteVariable',
  ...needs('admin'),
  summary: 'Remove a variable',
  tags,
  request: { params: variableParams },
  responses: { 204: { description: 'Gone' }, ...problems(404), ...commonProblems },
})

export function variableRoutes(deps: AppDeps) {
  const { store, secrets } = deps

  const variablesOf = async ({ serviceId, environment }: EnvironmentRow): Promise<Variable[]> => {
    const rows = await store.variables.list(serviceId, environment)
    return rows.map(({ name, sealed, secret, updatedAt }) => ({
      name,
      secret,
      value: secret ? null : secrets.open(sealed, variableContext(serviceId, environment, name)),
      updatedAt: updatedAt.toISOString(),
    }))
  }

  return newRouter()
    .openapi(list, async (c) =>
      c.json({ data: await variablesOf(await findEnvironment(deps, c.req.valid('param'))) }, 200),
    )
    .openapi(put, async (c) => {
      const { name, ...of } = c.req.valid('param')
      const { value, secret } = c.req.valid('json')
      const row = await findEnvironment(deps, of)
      const earlier = await variablesOf(row)
      const isNew = !earlier.some((one) => one.name === name)
      if (isNew && earlier.length >= mostVariables) throw tooMany()
      const sealed = secrets.seal(value, variableContext(of.serviceId, of.environment, name))
      await store.variables.put(of.serviceId, of.environment, { name, sealed, secret })
      const now = (await variablesOf(row)).find((one) => one.name === name)
      if (!now) throw notFound('Variable', name)
      return isNew ? c.json(now, 201) : c.json(now, 200)
    })
    .openapi(remove, async (c) => {
      const { name, ...of } = c.req.valid('param')
      await findEnvironment(deps, of)
      if (!(await store.variables.remove(of.serviceId, of.environment, name)))
        throw notFound('Variable', name)
      return c.body(null, 204)
    })
}

const tooMany = () =>
  new Refusal(
    422,
    'TooManyVariables',
    `An environment has at most ${mostVariables} variables. Remove one first.`,
  )
