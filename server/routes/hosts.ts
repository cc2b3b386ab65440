import { createRoute } from '@hono/zod-openapi'
import { hostsSchema } from '../../contract/host.ts'
import { needs } from '../authorise.ts'
import type { AppDeps } from '../deps.ts'
import { hostsView } from '../hosts-view.ts'
import { commonProblems, jsonOf, newRouter } from '../openapi.ts'

const poller = {
  identity: '4711@web-1/agent/sluice-0.1.0/node-24.21.0',
  lastSeen: '2026-01-31T12:00:00.000Z',
}
const example = {
  data: [
    {
      name: 'local',
      environments: 2,
      queues: [{ name: 'host/local', carries: 'activities' as const, pollers: [poller] }],
      here: {
        sluice: '0.1.0',
        node: '24.21.0',
        disks: [{ holds: 'home', freeBytes: 40_000_000_000, totalBytes: 80_000_000_000, isLow: false }],
        router: { pid: 4712, port: 8080, routes: 2, uptimeSeconds: 86_400 },
      },
    },
  ],
  control: [{ name: 'control', carries: 'workflows' as const, pollers: [poller] }],
  temporal: '1.32.0',
}

const list = createRoute({
  method: 'get',
  path: '/hosts',
  operationId: 'listHosts',
  ...needs('viewer'),
  summary: 'The machines that releases run on, and who takes the work for them',
  description: 'What does not answer just now is null. Closed to tokens of one service.',
  tags: ['server'],
  responses: { 200: jsonOf(hostsSchema, 'All hosts, by name', example), ...commonProblems },
})

export const hostRoutes = (deps: Pick<AppDeps, 'store' | 'settings' | 'thisHost' | 'taskQueues'>) =>
  newRouter().openapi(list, async (c) => c.json(await hostsView(deps), 200))
