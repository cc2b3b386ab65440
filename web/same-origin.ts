import type { MiddlewareHandler } from 'hono'
import type { AppEnv } from '../server/deps.ts'

/**
 * Refuses what another site's page sends. Browsers name the origin of every POST; whoever does not is no browser and
 * has the API. Compared by host, because a proxy in front may have ended TLS.
 */
export const sameOrigin: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (c.req.method === 'GET' || c.req.method === 'HEAD') return next()
  const site = c.req.header('sec-fetch-site')
  if (
    hostOf(c.req.header('origin')) === hostOfRequest(c.req.url, c.req.header('host')) &&
    site !== 'cross-site'
  )
    return next()
  return c.text('Refused: this form was not sent by a page of this dashboard.\n', 403)
}

function hostOf(origin: string | undefined): string | undefined {
  if (!origin || origin === 'null' || !URL.canParse(origin)) return undefined
  return new URL(origin).host
}

const hostOfRequest = (url: string, host: string | undefined) => host?.toLowerCase() ?? new URL(url).host
