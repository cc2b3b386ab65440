import { randomUUID } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import type { AppEnv } from './deps.ts'

/** What a proxy in front gave the request is kept when it is harmless in a log and a header. */
const acceptable = /^[A-Za-z0-9._-]{1,64}$/

export const requestId: MiddlewareHandler<AppEnv> = async (c, next) => {
  const given = c.req.header('x-request-id') ?? ''
  const id = acceptable.test(given) ? given : randomUUID()
  c.set('requestId', id)
  await next()
  c.res.headers.set('X-Request-Id', id)
}
