import type { Context, MiddlewareHandler } from 'hono'
import { countBadTokens, tooManyBadTokens } from './bad-tokens.ts'
import { callersOf } from './callers.ts'
import type { AppDeps, AppEnv } from './deps.ts'
import { Refusal } from './refusal.ts'

/**
 * `Authorization: Bearer <token>`, and no other way. A good token always passes: all of one machine share an address,
 * so locking that out would let one forgotten script with an old token lock out everybody.
 */
export const bearerAuth = (
  deps: Pick<AppDeps, 'token' | 'store' | 'now' | 'log'>,
): MiddlewareHandler<AppEnv> => {
  const callerOf = callersOf(deps)
  const bad = countBadTokens()
  return async (c, next) => {
    const given = bearerTokenOf(c)
    const caller = given === undefined ? undefined : await callerOf(given)
    if (caller) {
      c.set('caller', caller)
      return next()
    }
    const wait = await bad.add(c.env?.incoming?.socket.remoteAddress ?? '')
    if (wait > 0) throw tooManyBadTokens(wait)
    throw unauthorized(given === undefined)
  }
}

/** Undefined where there is none. */
export const bearerTokenOf = (c: Context): string | undefined =>
  /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]

const unauthorized = (missing: boolean) =>
  new Refusal(
    401,
    'Unauthorized',
    `${missing ? 'A token is needed' : 'That token is not the right one'}: send "Authorization: Bearer <token>". \`sluice token\` prints it.`,
    { headers: { 'WWW-Authenticate': `Bearer realm="sluice"${missing ? '' : ', error="invalid_token"'}` } },
  )
