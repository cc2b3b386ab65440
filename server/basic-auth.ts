import type { MiddlewareHandler } from 'hono'
import { countBadTokens, tooManyBadTokens } from './bad-tokens.ts'
import { callersOf } from './callers.ts'
import type { AppDeps, AppEnv } from './deps.ts'
import { Refusal } from './refusal.ts'

/**
 * The token as the password, with any user name: what a git client sends. As with the API itself, a good token always
 * passes, and bad ones are counted per address.
 */
export const basicAuth = (
  deps: Pick<AppDeps, 'token' | 'store' | 'now' | 'log'>,
): MiddlewareHandler<AppEnv> => {
  const callerOf = callersOf(deps)
  const bad = countBadTokens()
  return async (c, next) => {
    const given = passwordIn(c.req.header('authorization'))
    const caller = given === undefined ? undefined : await callerOf(given)
    if (caller) {
      c.set('caller', caller)
      return next()
    }
    // git asks without a token first, each time.
    const wait = given === undefined ? 0 : await bad.add(c.env?.incoming?.socket.remoteAddress ?? '')
    if (wait > 0) throw tooManyBadTokens(wait)
    throw unauthorized(given === undefined)
  }
}

function passwordIn(header: string | undefined): string | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  const decoded = Buffer.from(encoded, 'base64').toString('utf8')
  return decoded.includes(':') ? decoded.slice(decoded.indexOf(':') + 1) : undefined
}

const unauthorized = (missing: boolean) =>
  new Refusal(
    401,
    'Unauthorized',
    `${missing ? 'A token is needed' : 'That token is not the right one'}: give it as the password, with any user name. \`sluice token\` prints it.`,
    { headers: { 'WWW-Authenticate': 'Basic realm="sluice", charset="UTF-8"' } },
  )
