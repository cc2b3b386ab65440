import { createHash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { countBadTokens } from './bad-tokens.ts'
import type { AppDeps, AppEnv } from './deps.ts'
import { Refusal } from './refusal.ts'

/**
 * `Authorization: Bearer <token>`, and no other way. A good token always passes: all of one machine share an address,
 * so locking that out would let one forgotten script with an old token lock out everybody.
 */
export const bearerAuth = ({ token, now }: Pick<AppDeps, 'token' | 'now'>): MiddlewareHandler<AppEnv> => {
  const expected = digest(token)
  const bad = countBadTokens(now)
  return async (c, next) => {
    const given = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
    if (given !== undefined && timingSafeEqual(digest(given), expected)) return next()
    const wait = bad.add(c.env?.incoming?.socket.remoteAddress ?? '')
    if (wait > 0) throw tooMany(wait)
    throw unauthorized(given === undefined)
  }
}

/** Of equal length whatever was given, which `timingSafeEqual` wants. */
const digest = (text: string) => createHash('sha256').update(text).digest()

const unauthorized = (missing: boolean) =>
  new Refusal(
    401,
    'Unauthorized',
    `${missing ? 'A token is needed' : 'That token is not the right one'}: send "Authorization: Bearer <token>". \`sluice token\` prints it.`,
    { headers: { 'WWW-Authenticate': `Bearer realm="sluice"${missing ? '' : ', error="invalid_token"'}` } },
  )

const tooMany = (seconds: number) =>
  new Refusal(
    429,
    'TooManyBadTokens',
    `Too many wrong tokens came from this address. Try again in ${seconds} seconds.`,
    {
      headers: { 'Retry-After': String(seconds) },
    },
  )
