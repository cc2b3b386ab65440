import { createHash, timingSafeEqual } from 'node:crypto'
import type { Caller } from '../contract/token.ts'
import type { AppDeps } from './deps.ts'
import { Refusal } from './refusal.ts'

/** The token of the installation: it is no row, so it works while the store is down and cannot be revoked by mistake. */
const installation: Caller = { id: 'admin', name: 'api', role: 'admin', serviceId: null }

/** Milliseconds between two notes that a token was used. */
const noteEvery = 60_000
/** Tokens whose last note is remembered. */
const remembered = 1_000

/** Who has shown a token. Everything that lets anybody in asks here. */
export function callersOf({ token, store, now, log }: Pick<AppDeps, 'token' | 'store' | 'now' | 'log'>) {
  const expected = digest(token)
  const noted = new Map<string, number>()

  const noteUse = (id: string) => {
    const at = now().getTime()
    if (at - (noted.get(id) ?? 0) < noteEvery) return
    if (noted.size >= remembered) noted.clear()
    noted.set(id, at)
    store.tokens
      .used(id)
      .catch((error: unknown) => log.warn({ err: error }, 'the use of a token was not noted'))
  }

  /** Undefined for one that is not known. @throws Refusal TokenExpired */
  return async (given: string): Promise<Caller | undefined> => {
    if (timingSafeEqual(digest(given), expected)) return installation
    if (!isWellFormed(given)) return undefined
    const row = await store.tokens.findByHash(hashOfToken(given))
    if (!row) return undefined
    if (row.expiresAt && row.expiresAt <= now()) throw expired()
    noteUse(row.id)
    const { id, name, role, serviceId } = row
    return { id, name, role, serviceId }
  }
}

/** What a row of the store can have been made from; anything else needs no look into it. */
const isWellFormed = (token: string) => /^slc_[A-Za-z0-9_-]{43}$/.test(token)

/** Of equal length whatever was given, which `timingSafeEqual` wants. */
const digest = (text: string) => createHash('sha256').update(text).digest()

/** With 256 random bits in a token, a plain hash needs neither salt nor slowness. */
export const hashOfToken = (token: string): string => digest(token).toString('hex')

const expired = () =>
  new Refusal(401, 'TokenExpired', 'That token has expired. Make a new one with `sluice tokens create`.', {
    headers: { 'WWW-Authenticate': 'Bearer realm="sluice", error="invalid_token"' },
  })
