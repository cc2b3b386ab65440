import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'

/** Encrypts what the browser keeps; the store's secrets do it with their own key. */
export interface Seal {
  seal(plain: string, context: string): string
  open(sealed: string, context: string): string
}

const context = 'dashboard/session'

/** Seconds. A week, so that a page which stays open over the weekend still works. */
const lifetime = 7 * 24 * 60 * 60

export interface Sessions {
  begin(c: Context, token: string): void
  /** The token of whoever is signed in. */
  tokenOf(c: Context): string | undefined
  end(c: Context): void
}

/**
 * The cookie holds the token, sealed: nothing is kept here, it outlives a restart, and a token that is taken back
 * is refused by the API at the next click.
 */
export function sessions({ seal, url, now }: { seal: Seal; url: string; now: () => Date }): Sessions {
  // Cookies do not know ports, and several Sluices may run on one machine.
  const name = `sluice_${new URL(url).port || 'session'}`
  const isTls = url.startsWith('https:')
  const options = (c: Context) => ({
    path: '/',
    httpOnly: true,
    sameSite: 'Strict' as const,
    secure: isTls || c.req.header('x-forwarded-proto') === 'https',
  })
  return {
    begin(c, token) {
      const until = now().getTime() + lifetime * 1000
      const value = seal.seal(JSON.stringify({ token, until }), context)
      setCookie(c, name, value, { ...options(c), maxAge: lifetime })
    },
    tokenOf(c) {
      const sealed = getCookie(c, name)
      if (!sealed) return undefined
      try {
        const { token, until } = JSON.parse(seal.open(sealed, context)) as { token: string; until: number }
        return until > now().getTime() ? token : undefined
      } catch {
        return undefined
      }
    },
    end(c) {
      deleteCookie(c, name, options(c))
    },
  }
}
