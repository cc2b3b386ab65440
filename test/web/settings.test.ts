import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Notifications } from '../../contract/notification.ts'
import type { Schedule } from '../../contract/schedule.ts'
import type { Caller, Token } from '../../contract/token.ts'
import { addShop, token } from '../server/api.ts'
import { startTemporalServer, type TemporalServer } from '../temporal-server.ts'
import { startDesk, type Desk } from './desk.ts'
import { signedIn, type Person } from './person.ts'

let temporal: TemporalServer
let desk: Desk
let admin: Person
beforeAll(async () => {
  temporal = await startTemporalServer()
  desk = await startDesk(temporal.address)
  await addShop(desk, 'pages-shop')
  admin = await signedIn(desk, token)
}, 60_000)
afterAll(async () => {
  await desk.stop()
  await temporal.stop()
})

const settings = '/services/pages-shop/settings'
const shownOnce = (html: string) => /<pre class="command" tabindex="0">([^<]*)<\/pre>/.exec(html)?.[1]

describe('tokens', () => {
  const tokens = async () => (await desk.call<{ data: Token[] }>('GET', '/v1/tokens')).body.data

  it('are made once however often the form is sent, shown in that answer only, and revoked', async () => {
    const [form] = await admin.forms('/settings')
    const wanted = { name: 'ci of the shop', role: 'deployer', serviceId: 'pages-shop', expiresInDays: '30' }
    const answers = [await admin.send(form!, wanted), await admin.send(form!, wanted)]
    const made = shownOnce(answers[0]!.html)
    expect(made).toMatch(/^slc_/)
    expect(shownOnce(answers[1]!.html)).toBe(made)
    expect(await tokens()).toMatchObject([
      { name: 'ci of the shop', role: 'deployer', serviceId: 'pages-shop' },
    ])
    const whoami = await desk.call<Caller>('GET', '/v1/whoami', undefined, {
      authorization: `Bearer ${made}`,
    })
    expect(whoami.body).toMatchObject({ name: 'ci of the shop', role: 'deployer' })
    const { html } = await admin.read('/settings')
    expect(html).toContain('ci of the shop')
    expect(html).not.toContain(made)
    await admin.fill('/settings', '/settings/tokens/revoke')
    expect(await tokens()).toEqual([])
    expect(
      (await desk.call('GET', '/v1/whoami', undefined, { authorization: `Bearer ${made}` })).status,
    ).toBe(401)
  })

  it('that are asked for wrongly are refused with the field and its rule, beside the way back', async () => {
    const [form] = await admin.forms('/settings')
    const { status, html } = await admin.send(form!, { name: '<script>', expiresInDays: '0' })
    expect(status).toBe(422)
    for (const part of ['/name', '/expiresInDays', 'href="/settings"']) expect(html).toContain(part)
    expect(await tokens()).toEqual([])
  })

  it('of one service make tokens of that service only', async () => {
    const made = await desk.call<{ token: string }>('POST', '/v1/tokens', {
      ...{ name: 'boss', role: 'admin', serviceId: 'pages-shop' },
    })
    const boss = await signedIn(desk, made.body.token)
    await boss.fill('/settings', '/settings/tokens', { name: 'mine', role: 'viewer' })
    expect((await tokens())[0]).toMatchObject({ name: 'mine', serviceId: 'pages-shop', createdBy: 'boss' })
    expect((await boss.read('/')).html).not.toContain('/new')
  })
})

describe('the webhook of a service', () => {
  it('gets a secret that is shown once, and is taken away', async () => {
    const secret = shownOnce(await admin.fill(settings, `${settings}/webhook`))
    expect(secret).toMatch(/^whsec_/)
    const { html } = await admin.read(settings)
    expect(html).not.toContain(secret)
    for (const part of ['Accepts pushes', '/v1/webhooks/github/pages-shop']) expect(html).toContain(part)
    await admin.fill(settings, `${settings}/webhook/remove`)
    expect((await admin.read(settings)).html).toContain('No secret yet')
  })

  it('lists deliveries page by page, with the reason, and delivers again', async () => {
    for (let n = 0; n < 21; n++)
      await desk.store.webhooks.record(
        {
          ...{ id: crypto.randomUUID(), serviceId: 'pages-shop', provider: 'github' },
          ...{ deliveryId: `delivery ${n}`, event: 'push', redeliveryOf: null },
          targets: [{ environment: 'production', ref: 'main', commitSha: String(n).padStart(40, '0') }],
          results: [
            {
              environment: 'production',
              deploymentId: null,
              outcome: 'rejected',
              reason: 'the hold & its reason',
            },
          ],
        },
        false,
      )
    const { html } = await admin.read(settings)
    for (const part of ['delivery 20', 'rejected', 'the hold &amp; its reason']) expect(html).toContain(part)
    expect(html).not.toContain('>delivery 0<')
    const older = /href="([^"]*\?deliveries=[^"]*)#deliveries"/.exec(html)![1]!
    expect((await admin.read(older)).html).toContain('>delivery 0<')
    await admin.fill(settings, `${settings}/deliveries/redeliver`)
    expect((await admin.read(settings)).html).toContain('again')
  })
})

describe('notifications', () => {
  const targets = async () =>
    (await desk.call<Notifications>('GET', '/v1/services/pages-shop/notifications')).body.targets

  it('are added beside those that are there, with a secret that is shown once, and removed', async () => {
    const added = `${settings}/notifications`
    const secret = shownOnce(
      await admin.fill(settings, added, { name: 'hook', kind: 'webhook', url: 'https://8.8.8.8/in' }),
    )
    expect(secret).toMatch(/^whsec_/)
    const chat = { name: 'chat', kind: 'slack', url: 'https://hooks.slack.com/services/T0/B0/s3cret' }
    await admin.fill(settings, added, { ...chat, events: 'deployment.failed', environments: 'production' })
    expect(await targets()).toMatchObject([
      { name: 'chat', events: ['deployment.failed'], environments: ['production'] },
      { name: 'hook', environments: [] },
    ])
    const { html } = await admin.read(settings)
    for (const hidden of ['s3cret', secret!]) expect(html).not.toContain(hidden)
    await admin.fill(settings, `${settings}/notifications/remove`, { name: 'hook' })
    expect((await targets()).map(({ name }) => name)).toEqual(['chat'])
  })
})

describe('the audit log', () => {
  it('says who did what, done or refused, and goes on where a page ended', async () => {
    for (let n = 0; n < 51; n++) await desk.call('PUT', '/v1/services/nope/notifications', { targets: [] })
    const { html } = await admin.read('/audit?outcome=refused&serviceId=nope')
    expect(html.match(/<strong>putNotifications/g)).toHaveLength(50)
    for (const part of ['refused', 'ServiceNotFound', 'admin']) expect(html).toContain(part)
    const older = /href="(\/audit\?[^"]*cursor[^"]*)"/.exec(html)![1]!.replaceAll('&amp;', '&')
    const next = await admin.read(older)
    expect(next.html.match(/<strong>putNotifications/g)).toHaveLength(1)
    expect((await admin.read('/audit?cursor=nonsense')).status).toBe(422)
  })
})

describe('schedules', () => {
  const page = '/services/pages-shop/environments/production/schedules'
  const schedules = async () => (await desk.call<{ data: Schedule[] }>('GET', `/v1${page}`)).body.data

  it('show their next five runs in their own zone, are paused, resumed, triggered and deleted', async () => {
    await admin.fill(page, page, { name: 'nightly', cron: '30 2 * * *', timeZone: 'Europe/Berlin' })
    const { html } = await admin.read(page)
    expect(html.match(/02:30 Europe\/Berlin/g)).toHaveLength(5)
    await admin.fill(page, `${page}/pause`, { name: 'nightly', reason: 'holidays & rest' })
    expect((await admin.read(page)).html).toContain('holidays &amp; rest')
    expect((await schedules())[0]).toMatchObject({ paused: true, pausedReason: 'holidays & rest' })
    await admin.fill(page, `${page}/resume`, { name: 'nightly' })
    await admin.fill(page, `${page}/trigger`, { name: 'nightly' })
    expect((await schedules())[0]).toMatchObject({ paused: false })
    const last = { at: new Date(), deploymentId: null, note: 'EnvironmentHeld: <moving>' }
    await desk.store.schedules.ran('pages-shop', 'production', 'nightly', last)
    expect((await admin.read(page)).html).toContain('EnvironmentHeld: &lt;moving&gt;')
    await admin.fill(page, `${page}/delete`, { name: 'nightly' })
    expect(await schedules()).toEqual([])
  })

  it('run once at a time that is read as UTC; what contradicts itself is refused', async () => {
    const [form] = await admin.forms(page)
    const both = await admin.send(form!, { name: 'once', cron: '@daily', at: '2036-01-31T12:00' })
    expect(both.status).toBe(422)
    expect(both.html).toContain('say either cron or at')
    await admin.fill(page, page, { name: 'once', at: '2036-01-31T12:00' })
    expect(await schedules()).toMatchObject([{ name: 'once', at: '2036-01-31T12:00:00.000Z' }])
    await admin.fill(page, `${page}/delete`, { name: 'once' })
  })
})
