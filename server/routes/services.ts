import { createRoute } from '@hono/zod-openapi'
import { changeServiceSchema, newServiceSchema, serviceSchema } from '../../contract/service.ts'
import { Taken } from '../../ports/store.ts'
import type { ServiceRow } from '../../ports/store.ts'
import { needs } from '../authorise.ts'
import type { AppDeps } from '../deps.ts'
import { findService } from '../find.ts'
import {
  bodyOf,
  bodyProblems,
  commonProblems,
  idempotencyHeaders,
  jsonOf,
  listOf,
  locationHeader,
  newRouter,
  problems,
  serviceParams,
} from '../openapi.ts'
import { Refusal } from '../refusal.ts'
import { removeEnvironment, requireIdle } from '../remove-environment.ts'
import { sourceColumns } from '../service-source.ts'
import { serviceView } from '../service-view.ts'

const tags = ['services']
const example = {
  serviceId: 'shop',
  source: { kind: 'git', url: 'https://git.example.com/acme/shop.git' },
  repoFullName: 'acme/shop',
  sweepSeconds: null,
  environments: ['production'],
  createdAt: '2026-01-31T12:00:00.000Z',
}
const { serviceId, source } = example

const create = createRoute({
  method: 'post',
  path: '/services',
  operationId: 'createService',
  ...needs('admin'),
  summary: 'Add a service',
  tags,
  request: { headers: idempotencyHeaders, body: bodyOf(newServiceSchema, { serviceId, source }) },
  responses: {
    201: { ...jsonOf(serviceSchema, 'Added', example), headers: locationHeader },
    ...problems(409),
    ...bodyProblems,
    ...commonProblems,
  },
})

const list = createRoute({
  method: 'get',
  path: '/services',
  operationId: 'listServices',
  ...needs('viewer', 'narrows'),
  summary: 'All services',
  tags,
  responses: {
    200: jsonOf(listOf(serviceSchema), 'All services, by name', { data: [example] }),
    ...commonProblems,
  },
})

const read = createRoute({
  method: 'get',
  path: '/services/{serviceId}',
  operationId: 'readService',
  ...needs('viewer'),
  summary: 'One service',
  tags,
  request: { params: serviceParams },
  responses: { 200: jsonOf(serviceSchema, 'The service', example), ...problems(404), ...commonProblems },
})

const change = createRoute({
  method: 'patch',
  path: '/services/{serviceId}',
  operationId: 'changeService',
  ...needs('admin'),
  summary: 'Change where the code comes from, or how often it is looked at',
  description: 'A new source replaces the old one with its password.',
  tags,
  request: { params: serviceParams, body: bodyOf(changeServiceSchema, { source }) },
  responses: {
    200: jsonOf(serviceSchema, 'As it is now', example),
    ...problems(404),
    ...bodyProblems,
    ...commonProblems,
  },
})

const remove = createRoute({
  method: 'delete',
  path: '/services/{serviceId}',
  operationId: 'deleteService',
  ...needs('admin'),
  summary: 'Take a service away, with everything that belongs to it',
  tags,
  request: { params: serviceParams },
  responses: { 204: { description: 'Gone' }, ...problems(404, 409), ...commonProblems },
})

export function serviceRoutes(deps: AppDeps) {
  const { store } = deps
  const view = async (row: ServiceRow) => serviceView(row, await store.environments.list(row.serviceId))

  return newRouter()
    .openapi(create, async (c) => {
      const wanted = c.req.valid('json')
      const row = await unlessTaken(wanted.serviceId, async () =>
        store.services.create({
          serviceId: wanted.serviceId,
          ...(await sourceColumns(deps, wanted.serviceId, wanted.source, c.get('caller'))),
        }),
      )
      return c.json(serviceView(row, []), 201, { Location: `/v1/services/${row.serviceId}` })
    })
    .openapi(list, async (c) => {
      const { serviceId: bound } = c.get('caller')
      const [rows, environments] = await Promise.all([store.services.list(), store.environments.list()])
      const reached = rows.filter((row) => bound === null || row.serviceId === bound)
      return c.json({ data: reached.map((row) => serviceView(row, environments)) }, 200)
    })
    .openapi(read, async (c) =>
      c.json(await view(await findService(deps, c.req.valid('param').serviceId)), 200),
    )
    .openapi(change, async (c) => {
      const row = await findService(deps, c.req.valid('param').serviceId)
      const { source: wanted, sweepSeconds } = c.req.valid('json')
      const changed = await store.services.change(row.serviceId, {
        ...(wanted ? await sourceColumns(deps, row.serviceId, wanted, c.get('caller')) : {}),
        ...(sweepSeconds === undefined ? {} : { sweepSeconds }),
      })
      return c.json(await view(changed ?? row), 200)
    })
    .openapi(remove, async (c) => {
      const row = await findService(deps, c.req.valid('param').serviceId)
      await requireIdle(deps, { serviceId: row.serviceId })
      for (const environment of await store.environments.list(row.serviceId))
        await removeEnvironment(deps, environment)
      await store.services.remove(row.serviceId)
      await deps.source.forget(row.serviceId).catch((error: unknown) => {
        deps.log.warn(
          { err: error, serviceId: row.serviceId },
          'the mirror of a deleted service was not removed',
        )
      })
      return c.body(null, 204)
    })
}

async function unlessTaken<T>(serviceId: string, make: () => Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (error) {
    if (!(error instanceof Taken)) throw error
    throw new Refusal(
      409,
      'ServiceExists',
      `There is a service ${serviceId} already. Choose another name, or change that one.`,
    )
  }
}
