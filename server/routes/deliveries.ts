import { randomUUID } from 'node:crypto'
import { createRoute, z } from '@hono/zod-openapi'
import { deliverySchema, listDeliveriesSchema } from '../../contract/webhook.ts'
import { BadCursor, type DeliveryRow } from '../../ports/store.ts'
import { needs } from '../authorise.ts'
import type { AppDeps } from '../deps.ts'
import { findService } from '../find.ts'
import {
  bodyProblems,
  commonProblems,
  idempotencyHeaders,
  jsonOf,
  newRouter,
  problems,
  serviceParams,
} from '../openapi.ts'
import { notFound, Refusal } from '../refusal.ts'
import { invalid } from '../validation.ts'
import { deliveryView } from '../webhooks/delivery-view.ts'
import type { Outbox } from '../webhooks/outbox.ts'
import { deliveryExample as example } from './delivery-example.ts'

const tags = ['webhooks']

const list = createRoute({
  method: 'get',
  path: '/services/{serviceId}/deliveries',
  operationId: 'listDeliveries',
  ...needs('viewer'),
  summary: 'What forges have delivered and what became of it, newest first',
  tags,
  request: { params: serviceParams, query: listDeliveriesSchema },
  responses: {
    200: jsonOf(
      z.object({ data: z.array(deliverySchema), nextCursor: z.string().nullable() }),
      'A page; `nextCursor` is null on the last one',
      { data: [example], nextCursor: null },
    ),
    ...problems(404, 422),
    ...commonProblems,
  },
})

const redeliver = createRoute({
  method: 'post',
  path: '/services/{serviceId}/deliveries/{deliveryId}/redeliver',
  operationId: 'redeliver',
  ...needs('deployer'),
  summary: 'Do again what a delivery asked for',
  description: 'A new delivery of the same commits, for the environments that they were for.',
  tags,
  request: {
    params: serviceParams.extend({ deliveryId: z.uuid().describe("Sluice's own id of the delivery") }),
    headers: idempotencyHeaders,
  },
  responses: {
    202: jsonOf(deliverySchema, 'Recorded: it will be deployed', example),
    ...problems(404, 409),
    ...bodyProblems,
    ...commonProblems,
  },
})

export function deliveryRoutes(deps: AppDeps, outbox: Outbox) {
  const { webhooks } = deps.store
  return newRouter()
    .openapi(list, async (c) => {
      const { serviceId } = await findService(deps, c.req.valid('param').serviceId)
      const { data, nextCursor } = await page(deps, serviceId, c.req.valid('query'))
      return c.json({ data: await Promise.all(data.map((row) => deliveryView(deps, row))), nextCursor }, 200)
    })
    .openapi(redeliver, async (c) => {
      const { serviceId, deliveryId } = c.req.valid('param')
      const original = await webhooks.find(serviceId, deliveryId)
      if (!original) throw notFound('Delivery', deliveryId)
      if (original.settledAt === null) throw stillPending()
      if (original.targets.length === 0) throw nothingToDo(original)
      const { row } = await webhooks.record(again(original, c.get('enqueueId')), true)
      outbox.wake()
      return c.json(await deliveryView(deps, row), 202)
    })
}

/** Named after the request, so that a repeated one is the same. */
const again = ({ id, serviceId, provider, event, targets }: DeliveryRow, requestId: string) => ({
  ...{ id: randomUUID(), serviceId, provider, deliveryId: `again ${requestId}`, event, targets },
  results: targets.map(({ environment }) => ({
    environment,
    deploymentId: null,
    outcome: 'pending' as const,
    reason: null,
  })),
  redeliveryOf: id,
})

async function page(
  { store }: Pick<AppDeps, 'store'>,
  serviceId: string,
  query: z.output<typeof listDeliveriesSchema>,
) {
  try {
    return await store.webhooks.list(serviceId, query)
  } catch (error) {
    if (!(error instanceof BadCursor)) throw error
    throw invalid([{ pointer: '/query/cursor', message: 'is not a cursor of this list' }])
  }
}

const stillPending = () =>
  new Refusal(409, 'DeliveryPending', 'The delivery is still being carried out. Wait for its outcome.')

const nothingToDo = ({ results }: DeliveryRow) =>
  new Refusal(
    409,
    'NothingToDeliver',
    `The delivery deploys nothing: ${results[0]?.reason ?? 'it was for no environment.'} Deploy with \`sluice deploy\`.`,
  )
