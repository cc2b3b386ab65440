import { createRoute, z } from '@hono/zod-openapi'
import {
  deliverySchema,
  listDeliveriesSchema,
  notificationsSchema,
  putNotificationsSchema,
} from '../../contract/notification.ts'
import { needs } from '../authorise.ts'
import { unlessBadCursor } from '../cursor.ts'
import type { AppDeps } from '../deps.ts'
import { findService } from '../find.ts'
import { targetRows, targetView } from '../notification-targets.ts'
import {
  bodyOf,
  bodyProblems,
  commonProblems,
  jsonOf,
  newRouter,
  problems,
  serviceParams,
} from '../openapi.ts'

const tags = ['services']
const path = '/services/{serviceId}/notifications'
const target = {
  name: 'chat',
  kind: 'slack' as const,
  url: 'https://hooks.slack.com/…',
  events: ['deployment.failed' as const],
  environments: ['production'],
}
const wanted = { targets: [{ ...target, url: 'https://hooks.slack.com/services/T0/B0/x' }] }

const read = createRoute({
  method: 'get',
  path,
  operationId: 'readNotifications',
  summary: 'Who is told of the deployments of a service',
  ...needs('viewer'),
  tags,
  request: { params: serviceParams },
  responses: {
    200: jsonOf(notificationsSchema, 'The targets, by name', { targets: [target] }),
    ...problems(404),
    ...commonProblems,
  },
})

const put = createRoute({
  method: 'put',
  path,
  operationId: 'putNotifications',
  summary: 'Say who is to be told of the deployments of a service',
  description:
    'Replaces all targets. A webhook is sent as Standard Webhooks have it, signed; it is delivered at least once, and the header webhook-id tells a repetition. Every target is tried again for a day.',
  ...needs('admin'),
  tags,
  request: { params: serviceParams, body: bodyOf(putNotificationsSchema, wanted) },
  responses: {
    200: jsonOf(notificationsSchema, 'The targets; with the secrets that were made just now', {
      targets: [target],
    }),
    ...problems(404),
    ...bodyProblems,
    ...commonProblems,
  },
})

const remove = createRoute({
  method: 'delete',
  path,
  operationId: 'deleteNotifications',
  summary: 'Tell nobody',
  ...needs('admin'),
  tags,
  request: { params: serviceParams },
  responses: { 204: { description: 'Nobody is told' }, ...problems(404), ...commonProblems },
})

const deliveries = createRoute({
  method: 'get',
  path: `${path}/deliveries`,
  operationId: 'listNotificationDeliveries',
  summary: 'What was sent, and what became of it',
  description: 'Kept for 30 days. Newest first.',
  ...needs('viewer'),
  tags,
  request: { params: serviceParams, query: listDeliveriesSchema },
  responses: {
    200: jsonOf(
      z.object({ data: z.array(deliverySchema), nextCursor: z.string().nullable() }),
      'A page; `nextCursor` is null on the last one',
    ),
    ...problems(404, 422),
    ...commonProblems,
  },
})

export const notificationRoutes = (deps: AppDeps) => {
  const { notifications } = deps.store
  return newRouter()
    .openapi(read, async (c) => {
      const { serviceId } = await findService(deps, c.req.valid('param').serviceId)
      const rows = await notifications.targets(serviceId)
      return c.json({ targets: rows.map((row) => targetView(row)) }, 200)
    })
    .openapi(put, async (c) => {
      const { serviceId } = await findService(deps, c.req.valid('param').serviceId)
      const { targets } = c.req.valid('json')
      const { rows, made } = targetRows(deps, serviceId, targets, await notifications.targets(serviceId))
      await notifications.replaceTargets(serviceId, rows)
      return c.json({ targets: rows.map((row) => targetView(row, made.get(row.name))) }, 200)
    })
    .openapi(remove, async (c) => {
      const { serviceId } = await findService(deps, c.req.valid('param').serviceId)
      await notifications.replaceTargets(serviceId, [])
      return c.body(null, 204)
    })
    .openapi(deliveries, async (c) => {
      const { serviceId } = await findService(deps, c.req.valid('param').serviceId)
      return c.json(await unlessBadCursor(notifications.deliveries(serviceId, c.req.valid('query'))), 200)
    })
}
