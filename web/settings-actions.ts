import { Hono } from 'hono'
import type { MadeToken } from '../contract/token.ts'
import type { AppEnv } from '../server/deps.ts'
import { pathOf } from './api.ts'
import { formOf } from './form.ts'
import type { Desk } from './index.ts'
import { readSettings } from './read/settings.ts'

/** The forms of the settings of the whole. */
export function settingsActionRoutes(desk: Desk): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .post('/settings/tokens', async (c) => {
      const form = await formOf(c)
      const api = desk.api(c)
      const days = form.text('expiresInDays')
      const wanted = {
        name: form.text('name') ?? '',
        role: form.get('role'),
        serviceId: form.text('serviceId') ?? null,
        expiresInDays: days === undefined ? null : Number(days),
      }
      const made = await api.send<MadeToken>('POST', '/tokens', wanted, form.get('key'))
      // The answer itself, and no redirect: nothing but this answer ever has the token.
      const [view, bundle] = await Promise.all([readSettings(api), desk.bundle])
      const frame = { ...desk.frame(c, bundle), path: '/settings', caller: view.caller }
      return c.html(bundle.pages.settingsPage({ ...view, frame, made }))
    })
    .post('/settings/tokens/revoke', async (c) => {
      const form = await formOf(c)
      await desk.api(c).send('DELETE', `/tokens${pathOf(form.get('id') ?? '')}`)
      return c.redirect('/settings#tokens', 303)
    })
}
