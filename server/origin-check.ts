import type { MiddlewareHandler } from 'hono'
import type { AppDeps, AppEnv } from './deps.ts'
import { Refusal } from './refusal.ts'

/**
 * A browser says which page a request comes from; pages of others have no business here, whatever they carry.
 * Programs send no Origin.
 */
export const originCheck =
  ({ settings }: Pick<AppDeps, 'settings'>): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const origin = c.req.header('origin')
    if (origin !== undefined && !isOwn(origin, settings.url, c.req.header('host') ?? '')) {
      throw new Refusal(
        403,
        'CrossOrigin',
        'A page of another origin may not use this API. If it is its own page, set SLUICE_URL to the address it is opened at.',
      )
    }
    await next()
  }

function isOwn(origin: string, url: string, host: string): boolean {
  const parsed = URL.parse(origin)
  if (!parsed || !/^https?:$/.test(parsed.protocol)) return false
  return parsed.origin === new URL(url).origin || parsed.host === host.toLowerCase()
}
