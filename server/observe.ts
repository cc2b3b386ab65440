import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { Logger } from 'pino'
import type { AppEnv } from './deps.ts'
import type { Metrics } from './metrics.ts'

/** Polled all the time; logging those would bury the rest. */
const quiet = new Set(['/healthz', '/readyz', '/metrics'])

/** One log line and one measurement per request. The query is left out: people put tokens there. */
export const observe =
  ({ log, metrics }: { log: Logger; metrics: Metrics }): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const startedAt = performance.now()
    await next()
    const ms = Math.round(performance.now() - startedAt)
    const { status } = c.res
    const matched = routePath(c, -1)
    const route = matched === '*' || matched.endsWith('/*') ? 'unmatched' : matched
    metrics.requests.observe({ method: c.req.method, route, status }, ms / 1000)
    const level = quiet.has(c.req.path) ? 'debug' : 'info'
    log[level](
      { method: c.req.method, path: c.req.path, status, ms, requestId: c.get('requestId') },
      'request',
    )
  }
