import { Hono, type Context } from 'hono'
import type { AppEnv } from '../server/deps.ts'
import { pathOf } from './api.ts'
import { formOf, type Form } from './form.ts'
import type { Desk } from './index.ts'
import { utcOf } from './utc.ts'

const schedules = '/services/:service/environments/:environment/schedules'
const pathIn = (c: Context<AppEnv>) =>
  pathOf('services', c.req.param('service')!, 'environments', c.req.param('environment')!, 'schedules')

/** The forms of the schedules of an environment. */
export function scheduleActionRoutes(desk: Desk): Hono<AppEnv> {
  /** Registers a button of one schedule, which the form names. */
  const button =
    (method: 'POST' | 'DELETE', action = '', bodyOf: (form: Form) => unknown = () => undefined) =>
    async (c: Context<AppEnv>) => {
      const form = await formOf(c)
      const path = `${pathIn(c)}${pathOf(form.get('name') ?? '')}${action}`
      await desk.api(c).send(method, path, bodyOf(form), form.get('key'))
      return c.redirect(pathIn(c), 303)
    }
  const reasonOf = (form: Form) => {
    const reason = form.text('reason')
    return reason === undefined ? {} : { reason }
  }
  return new Hono<AppEnv>()
    .post(schedules, async (c) => {
      const form = await formOf(c)
      await desk.api(c).send('POST', pathIn(c), scheduleOf(form), form.get('key'))
      return c.redirect(pathIn(c), 303)
    })
    .post(`${schedules}/pause`, button('POST', '/pause', reasonOf))
    .post(`${schedules}/resume`, button('POST', '/resume'))
    .post(`${schedules}/trigger`, button('POST', '/trigger'))
    .post(`${schedules}/delete`, button('DELETE'))
}

/** What is left out of the form is left out here, so that the API says what misses. */
function scheduleOf(form: Form) {
  const at = form.text('at')
  const named = Object.entries({
    cron: form.text('cron'),
    at: at === undefined ? undefined : utcOf(at),
    timeZone: form.text('timeZone'),
  }).filter(([, value]) => value !== undefined)
  return { name: form.text('name') ?? '', ...Object.fromEntries(named), action: actionOf(form) }
}

function actionOf(form: Form) {
  const kind = form.get('kind')
  const ref = form.text('ref')
  return { kind, ...(kind === 'deploy' && ref !== undefined ? { ref } : {}) }
}
