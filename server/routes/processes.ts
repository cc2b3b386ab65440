import { createRoute } from '@hono/zod-openapi'
import { processSchema } from '../../contract/process.ts'
import { needs } from '../authorise.ts'
import type { AppDeps } from '../deps.ts'
import { findEnvironment } from '../find.ts'
import { commonProblems, environmentParams, jsonOf, listOf, newRouter, problems } from '../openapi.ts'
import { processesOf } from '../process-view.ts'

const example = {
  name: 'worker',
  command: 'node worker.js',
  state: 'running',
  pid: 4711,
  port: null,
  restarts: 0,
  lastExit: null,
  startedAt: '2026-01-31T12:00:00.000Z',
  observedAt: '2026-01-31T12:05:00.000Z',
}

const list = createRoute({
  method: 'get',
  path: '/services/{serviceId}/environments/{environment}/processes',
  operationId: 'listProcesses',
  ...needs('viewer'),
  summary: 'What runs of the live release',
  description: 'As its host saw it last (`observedAt`). Empty while nothing is live.',
  tags: ['environments'],
  request: { params: environmentParams },
  responses: {
    200: jsonOf(listOf(processSchema), 'web first, then by name', { data: [example] }),
    ...problems(404),
    ...commonProblems,
  },
})

export const processRoutes = (deps: AppDeps) =>
  newRouter().openapi(list, async (c) => {
    const { store } = deps
    const environment = await findEnvironment(deps, c.req.valid('param'))
    const { serviceId, live } = environment
    if (!live) return c.json({ data: [] }, 200)
    const [release, seen] = await Promise.all([
      store.releases.find(live.releaseId),
      store.processes.find(serviceId, environment.environment),
    ])
    return c.json({ data: release ? processesOf(environment, release, seen) : [] }, 200)
  })
