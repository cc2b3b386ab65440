import { createRoute, z } from '@hono/zod-openapi'
import { needs } from '../authorise.ts'
import type { AppDeps } from '../deps.ts'
import type { Metrics } from '../metrics.ts'
import { commonProblems, jsonOf, newRouter, problems } from '../openapi.ts'
import { Refusal, type FieldError } from '../refusal.ts'

const tags = ['server']
/** Milliseconds for the checks together. */
const limit = 3_000

const alive = createRoute({
  method: 'get',
  path: '/healthz',
  operationId: 'isAlive',
  summary: 'Whether this process answers',
  tags,
  security: [],
  responses: {
    200: jsonOf(z.object({ status: z.literal('ok') }), 'It does', { status: 'ok' }),
    ...problems(403, 421, 500),
  },
})

const ready = createRoute({
  method: 'get',
  path: '/readyz',
  operationId: 'isReady',
  summary: 'Whether everything that deployments need answers',
  description: 'Reads need the store alone: they work while Temporal is down.',
  tags,
  security: [],
  responses: {
    200: jsonOf(z.object({ status: z.literal('ready') }), 'The store and Temporal answer', {
      status: 'ready',
    }),
    ...problems(403, 421, 500, 503),
  },
})

const measure = createRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'readMetrics',
  ...needs('viewer'),
  summary: 'Measurements in the format of Prometheus',
  tags,
  responses: {
    200: { description: 'Measurements', content: { 'text/plain': { schema: z.string() } } },
    ...commonProblems,
  },
})

export const healthRoutes = ({ store, lanes }: AppDeps, { registry }: Pick<Metrics, 'registry'>) =>
  newRouter()
    .openapi(alive, (c) => c.json({ status: 'ok' as const }, 200))
    .openapi(ready, async (c) => {
      const checks = [down('/store', () => store.ping()), down('/temporal', () => lanes.ping())]
      const errors = (await Promise.all(checks)).filter((one) => one !== undefined)
      if (errors.length > 0) throw notReady(errors)
      return c.json({ status: 'ready' as const }, 200)
    })
    .openapi(measure, async (c) =>
      c.text(await registry.metrics(), 200, { 'Content-Type': registry.contentType }),
    )

async function down(pointer: string, ping: () => Promise<void>): Promise<FieldError | undefined> {
  const timeout = Promise.withResolvers<never>()
  const timer = setTimeout(() => timeout.reject(new Error('timed out')), limit)
  try {
    await Promise.race([ping(), timeout.promise])
    return undefined
  } catch {
    // Why is for the log and the operator: this answer is open to everybody.
    return { pointer, message: 'does not answer' }
  } finally {
    clearTimeout(timer)
  }
}

function notReady(errors: FieldError[]): Refusal {
  const names = errors.map(({ pointer }) => pointer.slice(1)).join(' and ')
  return new Refusal(503, 'NotReady', `Not ready: ${names} does not answer. \`sluice doctor\` says more.`, {
    errors,
    headers: { 'Retry-After': '2' },
  })
}
