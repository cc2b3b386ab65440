import { Hono, type Context } from 'hono'
import type { Hosts } from '../contract/host.ts'
import type { Caller } from '../contract/token.ts'
import type { AppEnv } from '../server/deps.ts'
import type { Api } from './api.ts'
import type { Bundle } from './bundle.ts'
import type { Desk, Frame } from './index.ts'
import { readAudit } from './read/audit.ts'
import { readCheck } from './read/check.ts'
import { readDeploymentView } from './read/deployment.ts'
import { readEnvironment } from './read/environment.ts'
import { readOverview } from './read/overview.ts'
import { readReleases } from './read/releases.ts'
import { readRun } from './read/run.ts'
import { readRuns } from './read/runs.ts'
import { readSchedules } from './read/schedules.ts'
import { readServiceSettings } from './read/service-settings.ts'
import { readService } from './read/service.ts'
import { readSettings } from './read/settings.ts'

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
      const api = desk.api(c)
      const [view, caller, bundle] = await Promise.all([
        read(api, c),
        api.get<Caller>('/whoami'),
        desk.bundle,
      ])
      return c.html(render(bundle.pages, { ...view, frame: { ...desk.frame(c, bundle), caller } }))
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
  page(
    `${environment}/releases`,
    (api, c) => readReleases(api, c.req.param('service')!, c.req.param('environment')!),
    (pages, view) => pages.releasesPage(view),
  )
  page(
    `${environment}/runs`,
    (api, c) => readRuns(api, c.req.param('service')!, c.req.param('environment')!, c.req.query()),
    (pages, view) => pages.runsPage(view),
  )
  page(
    `${environment}/runs/:run`,
    (api, c) => readRun(api, c.req.param()),
    (pages, view) => pages.runPage(view),
  )
  page(
    `${environment}/schedules`,
    (api, c) => readSchedules(api, c.req.param('service')!, c.req.param('environment')!),
    (pages, view) => pages.schedulesPage(view),
  )
  page(
    '/services/:service/settings',
    (api, c) => readServiceSettings(api, c.req.param('service')!, c.req.query()),
    (pages, view) => pages.serviceSettingsPage(view),
  )
  page(
    '/hosts',
    (api) => api.get<Hosts>('/hosts'),
    (pages, view) => pages.hostsPage(view),
  )
  page('/settings', readSettings, (pages, view) => pages.settingsPage(view))
  page(
    '/audit',
    (api, c) => readAudit(api, c.req.query()),
    (pages, view) => pages.auditPage(view),
  )
  return app
}
