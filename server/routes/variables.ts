import { createRoute } from '@hono/zod-openapi'
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
import { changeVariables, putVariable, removeVariable, variableChanges, variablesOf } from '../variables.ts'

const tags = ['environments']
const path = '/services/{serviceId}/environments/{environment}/variables'
const variableParams = environmentParams.extend({
  name: variableNameSchema.openapi({ example: 'LOG_LEVEL' }),
})
/** Of a variable, for the document of the API. */
export const example = {
  ...{ name: 'LOG_LEVEL', secret: false, value: 'info', inheritedFrom: null },
  updatedAt: '2026-01-31T12:00:00.000Z',
}
export const changesExample = {
  data: [{ name: 'LOG_LEVEL', change: 'set', secret: false, version: 2, at: '2026-01-31T12:00:00.000Z' }],
  nextCursor: null,
}

const list = createRoute({
  method: 'get',
  path,
  operationId: 'listVariables',
  ...needs('viewer'),
  summary: 'The variables of an environment',
  description:
    'Also those that it inherits from the service. Secret ones without their value: those are write-only.',
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
  operationId: 'changeVariables',
  ...needs('admin'),
  summary: 'Set some variables and remove others, all at once',
  description: 'What is not named stays. New ones are secret unless `secret` is false.',
  tags,
  request: {
    params: environmentParams,
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
  path: '/services/{serviceId}/environments/{environment}/variable-changes',
  operationId: 'listVariableChanges',
  ...needs('viewer'),
  summary: 'What was set and removed, newest first',
  description: 'Names and times only, never values.',
  tags,
  request: {
    params: environmentParams,
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
  operationId: 'deleteVariable',
  ...needs('admin'),
  summary: 'Remove a variable',
  description: 'One that the environment inherits is removed where it is.',
  tags,
  request: { params: variableParams },
  responses: { 204: { description: 'Gone' }, ...problems(404), ...commonProblems },
})

export function variableRoutes(deps: AppDeps) {
  return newRouter()
    .openapi(change, async (c) => {
      const of = await findEnvironment(deps, c.req.valid('param'))
      await changeVariables(deps, of, c.req.valid('json'))
      return c.json({ data: await variablesOf(deps, of) }, 200)
    })
    .openapi(history, async (c) => {
      const of = await findEnvironment(deps, c.req.valid('param'))
      return c.json(await variableChanges(deps, of, c.req.valid('query')), 200)
    })
    .openapi(list, async (c) => {
      const of = await findEnvironment(deps, c.req.valid('param'))
      return c.json({ data: await variablesOf(deps, of) }, 200)
    })
    .openapi(put, async (c) => {
      const { name, ...of } = c.req.valid('param')
      await findEnvironment(deps, of)
      const { variable, isNew } = await putVariable(deps, of, { name, ...c.req.valid('json') })
      return isNew ? c.json(variable, 201) : c.json(variable, 200)
    })
    .openapi(remove, async (c) => {
      const { name, ...of } = c.req.valid('param')
      await findEnvironment(deps, of)
      await removeVariable(deps, of, name)
      return c.body(null, 204)
    })
}
