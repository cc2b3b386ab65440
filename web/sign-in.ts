import { Hono, type Context } from 'hono'
import type { AppEnv } from '../server/deps.ts'
import { apiOf, ApiProblem } from './api.ts'
import { formOf } from './form.ts'
import type { Desk } from './index.ts'

/** Signing in is asking the API with that token: whether it is good, and how often one may guess, is decided there. */
export function signInRoutes(desk: Desk): Hono<AppEnv> {
  const page = async (c: Context<AppEnv>, next: string, problem?: ApiProblem, link = false) => {
    const bundle = await desk.bundle
    const frame = { ...desk.frame(c, bundle), signedIn: false }
    const status = (problem?.problem.status ?? 200) as 200
    return c.html(bundle.pages.signInPage({ frame, next, problem: problem?.problem, link }), status)
  }
  const signIn = async (c: Context<AppEnv>, token: string, next: string, link = false) => {
    const origin = new URL(c.req.url).origin
    try {
      // A header holds nothing else; what is no token is simply not the right one.
      const sendable = /^[\x21-\x7e]+$/.test(token) ? token : 'none'
      await apiOf({ ask: desk.ask, env: c.env, origin, token: sendable }).get('/services')
    } catch (error) {
      if (error instanceof ApiProblem) return page(c, next, error, link)
      throw error
    }
    desk.sessions.begin(c, token)
    return c.redirect(next, 303)
  }
  return (
    new Hono<AppEnv>()
      .get('/sign-in', (c) => page(c, ownPath(c.req.query('next'))))
      .post('/sign-in', async (c) => {
        const form = await formOf(c)
        const next = ownPath(form.get('next'))
        return signIn(c, (form.get('token') ?? '').trim(), next)
      })
      .get('/sign-in/link', (c) => c.redirect('/sign-in', 303))
      // The script of the page sends what stood behind the `#`. A wrong one counts as a guess, as a wrong token does.
      .post('/sign-in/link', async (c) => {
        const code = (await formOf(c)).get('code') ?? ''
        return signIn(c, (await desk.redeem(code)) ?? 'none', '/', true)
      })
      .post('/sign-out', (c) => {
        desk.sessions.end(c)
        return c.redirect('/sign-in', 303)
      })
  )
}

/** Where to go afterwards: a path of ours, never `//another.site`. */
const ownPath = (next: string | undefined): string =>
  next !== undefined && /^\/(?![/\\])[^\\\p{Cc}]*$/u.test(next) ? next : '/'
