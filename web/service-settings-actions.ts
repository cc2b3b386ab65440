import { Hono, type Context } from 'hono'
import type { NotificationTarget } from '../contract/notification.ts'
import type { Caller } from '../contract/token.ts'
import type { NewWebhook } from '../contract/webhook.ts'
import type { AppEnv } from '../server/deps.ts'
import { pathOf } from './api.ts'
import { formOf, type Form } from './form.ts'
import type { Desk } from './index.ts'
import { readServiceSettings, type ServiceSettingsView } from './read/service-settings.ts'

const settings = '/services/:service/settings'
const serviceOf = (c: Context<AppEnv>) => pathOf('services', c.req.param('service')!)

/** The forms of the settings of one service. */
export function serviceSettingsActionRoutes(desk: Desk): Hono<AppEnv> {
  const back = (c: Context<AppEnv>, part: string) => c.redirect(`${serviceOf(c)}/settings#${part}`, 303)
  /** The page with what can be shown this once. */
  const pageWith = async (c: Context<AppEnv>, made: NonNullable<ServiceSettingsView['made']>) => {
    const api = desk.api(c)
    const [view, caller, bundle] = await Promise.all([
      readServiceSettings(api, c.req.param('service')!),
      api.get<Caller>('/whoami'),
      desk.bundle,
    ])
    const frame = { ...desk.frame(c, bundle), caller }
    return c.html(bundle.pages.serviceSettingsPage({ ...view, frame, made }))
  }
  const putTargets = async (
    c: Context<AppEnv>,
    change: (targets: NotificationTarget[]) => object[],
  ): Promise<NotificationTarget[]> => {
    const path = `${serviceOf(c)}/notifications`
    const { targets } = await desk.api(c).get<{ targets: NotificationTarget[] }>(path)
    const put = await desk
      .api(c)
      .send<{ targets: NotificationTarget[] }>('PUT', path, { targets: change(targets) })
    return put.targets.filter(({ secret }) => secret !== undefined)
  }

  return new Hono<AppEnv>()
    .post(`${settings}/webhook`, async (c) => {
      const secret = (await formOf(c)).text('secret')
      const body = secret === undefined ? {} : { secret }
      const webhook = await desk.api(c).send<NewWebhook>('PUT', `${serviceOf(c)}/webhook`, body)
      return secret === undefined ? pageWith(c, { webhook }) : back(c, 'webhook')
    })
    .post(`${settings}/webhook/remove`, async (c) => {
      await desk.api(c).send('DELETE', `${serviceOf(c)}/webhook`)
      return back(c, 'webhook')
    })
    .post(`${settings}/deliveries/redeliver`, async (c) => {
      const form = await formOf(c)
      const path = `${serviceOf(c)}/deliveries${pathOf(form.get('id') ?? '')}/redeliver`
      await desk.api(c).send('POST', path, undefined, form.get('key'))
      return back(c, 'deliveries')
    })
    .post(`${settings}/notifications`, async (c) => {
      const wanted = targetOf(await formOf(c))
      const made = await putTargets(c, (targets) => [
        ...targets.filter(({ name }) => name !== wanted.name).map(asItIs),
        wanted,
      ])
      return made.length > 0 ? pageWith(c, { targets: made }) : back(c, 'notifications')
    })
    .post(`${settings}/notifications/remove`, async (c) => {
      const name = (await formOf(c)).get('name')
      await putTargets(c, (targets) => targets.filter((one) => one.name !== name).map(asItIs))
      return back(c, 'notifications')
    })
}

/** What is not named stays: url and secret are never sent back and forth. */
const asItIs = ({ name, kind, events, environments }: NotificationTarget) => ({
  ...{ name, kind, events, environments },
})

function targetOf(form: Form) {
  const [url, secret] = [form.text('url'), form.text('secret')]
  return {
    name: form.text('name') ?? '',
    kind: form.get('kind'),
    ...(url === undefined ? {} : { url }),
    ...(secret === undefined ? {} : { secret }),
    events: form.all('events'),
    environments: (form.get('environments') ?? '').split(/[\s,]+/).filter(Boolean),
  }
}
