import { createRoute, z } from '@hono/zod-openapi'
import {
  changeVariablesSchema,
  putVariableSchema,
  variableChangeSchema,
  variableNameSchema,
  variableSchema,
  type Variable,
} from '../../contract/service.ts'
import type { EnvironmentRow, VariableChange } from '../../ports/store.ts'
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
import { sealedAs } from '../put-environment.ts'
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
    query: z.object({
      name: variableNameSchema.optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
      cursor: z
        .string()
        .regex(/^\d{1,15}$/, 'is not a cursor of this list')
        .optional(),
    }),
  },
  responses: {
    200: jsonOf(
      z.object({ data: z.array(variableChangeSchema), nextCursor: z.string().nullable() }),
      'A page; `nextCursor` is null on the last one',
      {
        data: [
          { name: 'LOG_LEVEL', change: 'set', secret: false, version: 2, at: '2026-01-31T12:00:00.000Z' },
        ],
        nextCursor: null,
      },
    ),
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

  const changeAll = async (
    row: EnvironmentRow,
    { set, secret, remove: gone }: z.output<typeof changeVariablesSchema>,
  ) => {
    const { serviceId, environment } = row
    const earlier = await store.variables.list(serviceId, environment)
    const sealed = Object.entries(set).map(([name, value]) => ({
      name,
      sealed: sealedAs(secrets, earlier, variableContext(serviceId, environment, name), name, value),
      secret: secret ?? earlier.find((one) => one.name === name)?.secret ?? true,
    }))
    const change = { set: sealed, remove: gone, most: mostVariables }
    if (!(await store.variables.change(serviceId, environment, change))) throw tooMany()
  }

  return newRouter()
    .openapi(change, async (c) => {
      const row = await findEnvironment(deps, c.req.valid('param'))
      await changeAll(row, c.req.valid('json'))
      return c.json({ data: await variablesOf(row) }, 200)
    })
    .openapi(history, async (c) => {
      const { serviceId, environment } = await findEnvironment(deps, c.req.valid('param'))
      const { name, limit, cursor } = c.req.valid('query')
      const before = cursor === undefined ? undefined : Number(cursor)
      const rows = await store.variables.history(serviceId, environment, { name, before, limit: limit + 1 })
      const page = rows.slice(0, limit)
      const nextCursor = rows.length > limit ? String(page.at(-1)!.id) : null
      return c.json({ data: page.map(changeView), nextCursor }, 200)
    })
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
      const before = await store.variables.list(of.serviceId, of.environment)
      const context = variableContext(of.serviceId, of.environment, name)
      const sealed = sealedAs(secrets, before, context, name, value)
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

const changeView = ({ name, change, secret, version, at }: VariableChange) => ({
  ...{ name, change, secret, version },
  at: at.toISOString(),
})

const tooMany = () =>
  new Refusal(
    422,
    'TooManyVariables',
    `An environment has at most ${mostVariables} variables. Remove one first.`,
  )
