import { randomBytes } from 'node:crypto'
import { signInLinkLifetime, type SignInLink } from '../contract/sign-in-link.ts'
import { hashOfToken } from './callers.ts'
import type { AppDeps } from './deps.ts'

type Deps = Pick<AppDeps, 'store' | 'secrets' | 'now'>

/**
 * A link that signs a browser in with this token. Its code stands behind the `#`, which browsers send to nobody: no
 * log and no other site gets it. Of the code the store has the hash, and the token only sealed.
 * @param url of the dashboard
 */
export async function makeSignInLink(
  { store, secrets, now }: Deps,
  token: string,
  url: string,
): Promise<SignInLink> {
  const code = `sli_${randomBytes(32).toString('base64url')}`
  const hash = hashOfToken(code)
  const at = now()
  const expiresAt = new Date(at.getTime() + signInLinkLifetime)
  await store.signInLinks.keep({ hash, sealedToken: secrets.seal(token, contextOf(hash)), expiresAt }, at)
  return { url: `${new URL('/sign-in', url).href}#${code}`, expiresAt: expiresAt.toISOString() }
}

/** The token that a code stands for; undefined when it was used, has expired or never was one. */
export const redeemSignInLink =
  ({ store, secrets, now }: Deps) =>
  async (code: string): Promise<string | undefined> => {
    if (!/^sli_[A-Za-z0-9_-]{43}$/.test(code)) return undefined
    const hash = hashOfToken(code)
    const link = await store.signInLinks.take(hash)
    if (!link || link.expiresAt <= now()) return undefined
    return secrets.open(link.sealedToken, contextOf(hash))
  }

const contextOf = (hash: string): string => `sign-in-link/${hash}`
