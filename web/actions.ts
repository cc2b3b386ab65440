import { Hono, type Context } from 'hono'
import type { Deployment } from '../contract/deployment.ts'
import type { AppEnv } from '../server/deps.ts'
import { pathOf } from './api.ts'
import { formOf, type Form } from './form.ts'
import type { Desk } from './index.ts'

/** What the buttons do: each is one request to the API, and then the page that shows its effect. */
export function actionRoutes(desk: Desk): Hono<AppEnv> {
  const app = new Hono<AppEnv>()
  const act =
    (action: string, bodyOf: (form: Form) => unknown = () => undefined) =>
    async (c: Context<AppEnv>) => {
      const form = await formOf(c)
      const path = `${pathOf('deployments', c.req.param('id')!)}/${action}`
      const { id } = await desk.api(c).send<Deployment>('POST', path, bodyOf(form), form.get('key'))
      return c.redirect(pathOf('deployments', id), 303)
    }
  const reasonOf = (form: Form) => {
    const reason = form.get('reason')?.trim()
    return reason ? { reason } : {}
  }
  app.post('/deployments/:id/cancel', act('cancel', reasonOf))
  app.post('/deployments/:id/approve', act('approve'))
  app.post('/deployments/:id/reject', act('reject', reasonOf))
  app.post('/deployments/:id/retry', act('retry'))
  app.post('/deployments/:id/archive', act('archive'))
  app.post('/deployments/:id/unarchive', act('unarchive'))
  app.post(
    '/deployments/:id/resolve',
    act('resolve', (form) => ({ migration: form.get('migration') })),
  )
  return app
}
