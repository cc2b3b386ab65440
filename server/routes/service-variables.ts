import { createRoute } from '@hono/zod-openapi'
import { wholeService } from '../../contract/names.ts'
import {
  changeVariablesSchema,
  listVariableChangesSchema,
  putVariableSchema,
  variableChangesSchema,
  variableNameSchema,
  variableSchema,
} from '../../contract/service.ts'
import { needs } from '../authorise.ts'
import type { AppDeps } from '../deps.ts'
import { findService } from '../find.ts'
import {
  bodyOf,
  bodyProblems,
  commonProblems,
  serviceParams,
  jsonOf,
  listOf,
  newRouter,
  problems,
} from '../openapi.ts'
import {
  changeVariables,
  putVariable,
  removeVariable,
  variableChanges,
  variablesOf,
  type VariablesOf,
} from '../variables.ts'
import { changesExample, example } from './variables.ts'

const tags = ['services']
const path = '/services/{serviceId}/variables'
const variableParams = serviceParams.extend({
  name: variableNameSchema.openapi({ example: 'LOG_LEVEL' }),
})

const list = createRoute({
  method: 'get',
  path,
  operationId: 'listServiceVariables',
  ...needs('viewer'),
  summary: 'The variables of a service',
  description:
    'All its environments inherit them, unless they have one of that name. Secret ones without their value.',
  tags,
  request: { params: serviceParams },
  responses: {
    200: jsonOf(listOf(variableSchema), 'All variables, by name', { data: [example] }),
    ...problems(404),
    ...commonProblems,
  },
})

const put = createRoute({
  method: 'put',
  path: `${path}/{name}`,
  operationId: 'putServiceVariable',
  ...needs('admin'),
  summary: 'Set a variable for all environments of a service',
  description: 'What is live keeps the variables that it has: restart or deploy to apply it.',
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

const change = createRoute({
  method: 'patch',
  path,
  operationId: 'changeServiceVariables',
  ...needs('admin'),
  summary: 'Set some variables and remove others, all at once',
  description: 'What is not named stays. New ones are secret unless `secret` is false.',
  tags,
  request: {
    params: serviceParams,
    body: bodyOf(changeVariablesSchema, { set: { LOG_LEVEL: 'info' }, secret: false, remove: ['OLD'] }),
  },
  responses: {
    200: jsonOf(listOf(variableSchema), 'All variables, by name', { data: [example] }),
    ...problems(404),
    ...bodyProblems,
    ...commonProblems,
  },
})

const history = createRoute({
  method: 'get',
  path: '/services/{serviceId}/variable-changes',
  operationId: 'listServiceVariableChanges',
  ...needs('viewer'),
  summary: 'What was set and removed, newest first',
  description: 'Names and times only, never values.',
  tags,
  request: {
    params: serviceParams,
    query: listVariableChangesSchema,
  },
  responses: {
    200: jsonOf(variableChangesSchema, 'A page; `nextCursor` is null on the last one', changesExample),
    ...problems(404, 422),
    ...commonProblems,
  },
})

const remove = createRoute({
  method: 'delete',
  path: `${path}/{name}`,
  operationId: 'deleteServiceVariable',
  ...needs('admin'),
  summary: 'Remove a variable of a service',
  tags,
  request: { params: variableParams },
  responses: { 204: { description: 'Gone' }, ...problems(404), ...commonProblems },
})

export function serviceVariableRoutes(deps: AppDeps) {
  const find = async ({ serviceId }: { serviceId: string }): Promise<VariablesOf> => {
    await findService(deps, serviceId)
    return { serviceId, environment: wholeService }
  }

  return newRouter()
    .openapi(change, async (c) => {
      const of = await find(c.req.valid('param'))
      await changeVariables(deps, of, c.req.valid('json'))
      return c.json({ data: await variablesOf(deps, of) }, 200)
    })
    .openapi(history, async (c) => {
      const of = await find(c.req.valid('param'))
      return c.json(await variableChanges(deps, of, c.req.valid('query')), 200)
    })
    .openapi(list, async (c) => {
      const of = await find(c.req.valid('param'))
      return c.json({ data: await variablesOf(deps, of) }, 200)
    })
    .openapi(put, async (c) => {
      const { name, ...service } = c.req.valid('param')
      const of = await find(service)
      const { variable, isNew } = await putVariable(deps, of, { name, ...c.req.valid('json') })
      return isNew ? c.json(variable, 201) : c.json(variable, 200)
    })
    .openapi(remove, async (c) => {
      const { name, ...service } = c.req.valid('param')
      await removeVariable(deps, await find(service), name)
      return c.body(null, 204)
    })
}
