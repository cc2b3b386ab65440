import type { MiddlewareHandler } from 'hono'
import type { AppDeps, AppEnv } from './deps.ts'
import { Refusal } from './refusal.ts'

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/**
 * On a loopback API a foreign Host means DNS rebinding: a web page whose name was made to point here.
 * Bound wider, any name may lead here.
 */
export const hostCheck = ({ settings }: Pick<AppDeps, 'settings'>): MiddlewareHandler<AppEnv> => {
  const isLoopbackApi = loopback.test(
    settings.apiAddress.includes(':') ? `[${settings.apiAddress}]` : settings.apiAddress,
  )
  const ownHost = new URL(settings.url).hostname
  return async (c, next) => {
    // A request line may name a host too (`GET http://evil/ HTTP/1.1`).
    const hosts = [c.req.header('host') ?? 'localhost', new URL(c.req.url).host].map(hostname)
    if (isLoopbackApi && !hosts.every((host) => loopback.test(host) || host === ownHost)) {
      throw new Refusal(
        421,
        'WrongHost',
        'This API does not answer to that name. Use its own address, or set SLUICE_URL.',
      )
    }
    await next()
  }
}

const hostname = (host: string) => host.toLowerCase().replace(/:\d*$/, '')
