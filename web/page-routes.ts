import { Hono, type Context } from 'hono'
import type { AppEnv } from '../server/deps.ts'
import type { Api } from './api.ts'
import type { Bundle } from './bundle.ts'
import type { Desk, Frame } from './index.ts'
import { readDeploymentView } from './read/deployment.ts'
import { readOverview } from './read/overview.ts'

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
  return app
}
