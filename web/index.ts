import { Hono, type Context } from 'hono'
import type { Caller } from '../contract/token.ts'
import type { AppEnv } from '../server/deps.ts'
import { actionRoutes } from './actions.ts'
import { admissionRoutes } from './admission.ts'
import { apiOf, ApiProblem, type Api, type Ask } from './api.ts'
import type { Bundle } from './bundle.ts'
import { environmentActionRoutes } from './environment-actions.ts'
import { icon } from './icon.ts'
import { pageHeaders } from './page-headers.ts'
import { pageRoutes } from './page-routes.ts'
import { previewActionRoutes } from './preview-actions.ts'
import { runActionRoutes } from './run-actions.ts'
import { sameOrigin } from './same-origin.ts'
import { scheduleActionRoutes } from './schedule-actions.ts'
import { serviceSettingsActionRoutes } from './service-settings-actions.ts'
import { sessions, type Seal } from './session.ts'
import { settingsActionRoutes } from './settings-actions.ts'
import { signInRoutes } from './sign-in.ts'
import { streamRoutes } from './streams.ts'

/** What the dashboard works with. It has no store: it asks the API with the token of whoever is signed in. */
export interface DashboardDeps {
  /** May still be on its way when the API answers already. */
  bundle: Promise<Bundle>
  seal: Seal
  url: string
  now: () => Date
  /** The token that the code of a sign-in link stands for, once; undefined when it is none, or none any more. */
  redeem: (code: string) => Promise<string | undefined>
}

/** What every route of the dashboard is given. */
export interface Desk extends DashboardDeps {
  ask: Ask
  sessions: ReturnType<typeof sessions>
  /** The API as the one who is signed in sees it. @throws SignedOut */
  api(c: Context<AppEnv>): Api
  /** What every page shows. */
  frame(c: Context<AppEnv>, bundle: Bundle): Frame
}

export interface Frame {
  hash: string
  path: string
  signedIn: boolean
  /** Who is signed in, where that is known: without it nothing is shown that would be refused to some. */
  caller?: Caller | undefined
}

export class SignedOut extends Error {
  override name = 'SignedOut'
}

/** Everything that is the dashboard's. The rest of the server has rules of its own. */
const paths = [
  ...['/', '/assets/*', '/sign-in', '/sign-in/*', '/sign-out', '/new', '/services/*', '/deployments/*'],
  ...['/settings/*', '/audit', '/hosts'],
]

/** The pages, as routes that are mounted beside those of the API. */
export const dashboard =
  (deps: DashboardDeps) =>
  (ask: Ask): Hono<AppEnv> => {
    const kept = sessions(deps)
    const desk: Desk = {
      ...deps,
      ask,
      sessions: kept,
      api(c) {
        const token = kept.tokenOf(c)
        if (token === undefined) throw new SignedOut()
        return apiOf({ ask, env: c.env, origin: new URL(c.req.url).origin, token })
      },
      frame: (c, { hash }) => ({ hash, path: c.req.path, signedIn: kept.tokenOf(c) !== undefined }),
    }
    const app = new Hono<AppEnv>()
    for (const path of paths) app.use(path, pageHeaders, sameOrigin)
    app.route('/', assetRoutes(desk))
    app.route('/', signInRoutes(desk))
    app.route('/', streamRoutes(desk))
    app.route('/', pageRoutes(desk))
    app.route('/', actionRoutes(desk))
    app.route('/', environmentActionRoutes(desk))
    app.route('/', admissionRoutes(desk))
    app.route('/', settingsActionRoutes(desk))
    app.route('/', serviceSettingsActionRoutes(desk))
    app.route('/', scheduleActionRoutes(desk))
    app.route('/', runActionRoutes(desk))
    app.route('/', previewActionRoutes(desk))
    app.onError((error, c) => errorPage(desk, error, c))
    return app
  }

const assetTypes = {
  'client.js': 'text/javascript; charset=utf-8',
  'style.css': 'text/css; charset=utf-8',
} as const

const forEver = 'public, max-age=31536000, immutable'

function assetRoutes({ bundle }: Desk): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/assets/icon/:status', (c) =>
      c.body(icon(c.req.param('status')), 200, { 'Content-Type': 'image/svg+xml', 'Cache-Control': forEver }),
    )
    .get('/assets/:hash/:file', async (c) => {
      const { assets } = await bundle
      const file = c.req.param('file')
      if (file !== 'client.js' && file !== 'style.css') return c.notFound()
      return c.body(assets[file], 200, { 'Content-Type': assetTypes[file], 'Cache-Control': forEver })
    })
}

async function errorPage(desk: Desk, error: Error, c: Context<AppEnv>): Promise<Response> {
  const refused = error instanceof ApiProblem && error.problem.status === 401
  if (error instanceof SignedOut || refused) {
    if (refused) desk.sessions.end(c)
    const { pathname, search } = new URL(c.req.url)
    const next = c.req.method === 'GET' ? pathname + search : '/'
    return c.redirect(next === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(next)}`, 303)
  }
  // The API in front of us makes a problem of it, and writes it down.
  if (!(error instanceof ApiProblem)) throw error
  const bundle = await desk.bundle
  const back = backOf(c)
  const frame = { ...desk.frame(c, bundle), caller: await callerOf(desk, c) }
  return c.html(
    bundle.pages.problemPage({ frame, problem: error.problem, back }),
    error.problem.status as 400,
  )
}

/** For what is shown beside an error, which may be why this is not known. */
const callerOf = async (desk: Desk, c: Context<AppEnv>) =>
  desk
    .api(c)
    .get<Caller>('/whoami')
    .catch(() => undefined)

/** The page that a form was on. */
function backOf(c: Context): string {
  const referer = c.req.header('referer')
  if (c.req.method === 'GET' || !referer || !URL.canParse(referer)) return '/'
  const { host, pathname, search } = new URL(referer)
  return host === c.req.header('host') ? pathname + search : '/'
}
