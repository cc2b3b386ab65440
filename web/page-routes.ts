import { Hono, type Context } from 'hono'
import type { AppEnv } from '../server/deps.ts'
import type { Api } from './api.ts'
import type { Bundle } from './bundle.ts'
import type { Desk, Frame } from './index.ts'
import { readCheck } from './read/check.ts'
import { readDeploymentView } from './read/deployment.ts'
import { readEnvironment } from './read/environment.ts'
import { readOverview } from './read/overview.ts'
import { readService } from './read/service.ts'

/** One route per page: reads what it shows, then renders it. */
export function pageRoutes(desk: Desk): Hono<AppEnv> {
  const app = new Hono<AppEnv>()
  /** Registers a page. */
  const page = <T>(
    path: string,
    read: (api: Api, c: Context<AppEnv>) => Promise<T>,
    render: (pages: Bundle['pages'], view: T & { frame: Frame }) => string,
  ) =>
    app.get(path, async (c) => {
      const view = await read(desk.api(c), c)
      const bundle = await desk.bundle
      return c.html(render(bundle.pages, { ...view, frame: desk.frame(c, bundle) }))
    })

  page('/', readOverview, (pages, view) => pages.overviewPage(view))
  page(
    '/deployments/:id',
    (api, c) => readDeploymentView(api, c.req.param('id')!),
    (pages, view) => pages.deploymentPage(view),
  )
  page(
    '/new',
    (api) => api.get<object>('/services'),
    (pages, { frame }) => pages.newServicePage({ frame }),
  )
  page(
    '/services/:service',
    (api, c) => readService(api, c.req.param('service')!, c.req.query()),
    (pages, view) => pages.servicePage(view),
  )
  const environment = '/services/:service/environments/:environment'
  page(
    environment,
    (api, c) => readEnvironment(api, c.req.param('service')!, c.req.param('environment')!),
    (pages, view) => pages.environmentPage(view),
  )
  page(
    `${environment}/check`,
    (api, c) => readCheck(api, c.req.param('service')!, c.req.param('environment')!),
    (pages, view) => pages.checkPage(view),
  )
  return app
}
