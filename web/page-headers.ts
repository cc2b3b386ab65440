import type { MiddlewareHandler } from 'hono'
import type { AppEnv } from '../server/deps.ts'

const policy =
  "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"

/** For pages: everything comes from here, nothing is inline. Forms must name their origin, even to ourselves. */
export const pageHeaders: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next()
  c.header('Content-Security-Policy', policy)
  c.header('Referrer-Policy', 'same-origin')
}
