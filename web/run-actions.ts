import { Hono } from 'hono'
import type { Run } from '../contract/run.ts'
import type { AppEnv } from '../server/deps.ts'
import { pathOf } from './api.ts'
import { formOf } from './form.ts'
import type { Desk } from './index.ts'
import { runPath } from './read/run.ts'

const runs = '/services/:service/environments/:environment/runs'

/** The forms of the runs of an environment. */
export function runActionRoutes(desk: Desk): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .post(runs, async (c) => {
      const form = await formOf(c)
      const { service, environment } = c.req.param()
      const path = pathOf('services', service, 'environments', environment, 'runs')
      const command = form.get('command') ?? ''
      const { id } = await desk.api(c).send<Run>('POST', path, { command }, form.get('key'))
      return c.redirect(path + pathOf(id), 303)
    })
    .post(`${runs}/:run/cancel`, async (c) => {
      const form = await formOf(c)
      const path = runPath(c.req.param())
      await desk.api(c).send('POST', `${path}/cancel`, undefined, form.get('key'))
      return c.redirect(path, 303)
    })
}
