import { afterAll, beforeAll, expect, it } from 'vitest'
import { notificationsSchema, type Notifications } from '../../contract/notification.ts'
import { addShop, deploy, end, startApi, succeed, type Api } from './api.ts'

let api: Api
beforeAll(async () => {
  api = await startApi({ privateHosts: ['forge.internal', '10.0.0.5:8443'] })
  await addShop(api)
}, 60_000)
afterAll(() => api.stop())

const path = '/v1/services/shop/notifications'
const put = (...targets: object[]) => api.call<Notifications>('PUT', path, { targets })
const hook = (change: object = {}) => ({
  name: 'hook',
  kind: 'webhook',
  url: 'https://example.com/x',
  ...change,
})

it('makes a secret for a webhook, shows it once, and keeps it', async () => {
  const first = await put(hook({ url: 'https://example.com/in?token=sesame' }))
  expect(notificationsSchema.parse(first.body)).toEqual(first.body)
  expect(first.body.targets[0]).toMatchObject({ url: 'https://example.com/…' })
  expect(first.body.targets[0]?.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  const read = await api.call<Notifications>('GET', path)
  expect(read.body.targets[0]).not.toHaveProperty('secret')
  const [before] = await api.store.notifications.targets('shop')
  expect(JSON.stringify(before)).not.toContain('sesame')
  const again = await put(hook({ url: undefined, environments: ['production'] }))
  expect(again.body.targets[0]).not.toHaveProperty('secret')
  const [after] = await api.store.notifications.targets('shop')
  expect(after?.sealedSecret).toBe(before?.sealedSecret)
  expect((await api.call('DELETE', path)).status).toBe(204)
  expect((await api.call<Notifications>('GET', path)).body.targets).toEqual([])
})

it('never lets a token follow to another address', async () => {
  const status = { name: 'status', kind: 'github' }
  await api.refused(422, 'ValidationFailed', 'PUT', path, { targets: [status] })
  expect((await put({ ...status, secret: 'ghp_0123456789' })).status).toBe(200)
  expect((await put(status)).body.targets[0]?.url).toBe('https://api.github.com/')
  const elsewhere = { ...status, url: 'https://evil.example.com' }
  const refused = await api.refused(422, 'ValidationFailed', 'PUT', path, { targets: [elsewhere] })
  expect(refused.body.errors).toMatchObject([{ pointer: '/targets/0/secret' }])
})

it.each([
  'http://example.com/x',
  'https://0x7f000001/x',
  'https://127.1/x',
  'https://[::ffff:a9fe:a9fe]/x',
  'https://localhost./x',
  'https://169.254.169.254/latest/meta-data',
  'https://100.64.0.1/x',
  'https://10.0.0.5/x',
  'https://u:p@example.com/x',
  'https://@example.com/x',
  'https:///example.com/x',
  'https:\\\\example.com/x',
  'https://example.com/a\r\nb',
  'ftp://example.com',
  'file:///etc/passwd',
  'nonsense',
])('refuses the address %j', async (url) => {
  const { body } = await api.refused(422, 'ValidationFailed', 'PUT', path, { targets: [hook({ url })] })
  expect(body.errors).toMatchObject([{ pointer: '/targets/0/url' }])
})

it.each(['http://forge.internal/x', 'https://10.0.0.5:8443/x', 'https://hooks.slack.com/services/a/b/c'])(
  'takes %s, which is public or allowed',
  async (url) => {
    expect((await put(hook({ url }))).status).toBe(200)
  },
)

it('refuses what makes no sense', async () => {
  for (const wrong of [
    hook({ name: 'A' }),
    hook({ kind: 'fax' }),
    hook({ url: undefined, name: 'new' }),
    hook({ secret: 'whsec_short' }),
    hook({ events: ['deployment.exploded'] }),
    hook({ events: [] }),
    { name: 'chat', kind: 'slack', url: 'https://hooks.slack.com/x', secret: 'not-known-to-slack' },
  ])
    await api.refused(422, 'ValidationFailed', 'PUT', path, { targets: [wrong] })
  await api.refused(422, 'ValidationFailed', 'PUT', path, { targets: [hook(), hook()] })
})

it('notes one delivery for each event, target and environment that are meant, with what happened', async () => {
  await put(
    hook(),
    hook({ name: 'failures', events: ['deployment.failed'] }),
    hook({ name: 'staging', environments: ['staging'] }),
  )
  const told = async (id: string) => {
    const { data } = await api.store.notifications.deliveries('shop', { limit: 200 })
    return data.filter((one) => one.deploymentId === id).map(({ target, event }) => `${target} ${event}`)
  }
  const good = await deploy(api)
  await succeed(api, good)
  expect((await told(good.id)).toReversed()).toEqual(['hook deployment.started', 'hook deployment.succeeded'])
  const [newest] = await api.store.notifications.waiting(1)
  const delivery = await api.store.notifications.find(newest!)
  expect(delivery?.data).toMatchObject({ id: good.id, status: 'RUNNING', environment: 'production' })

  const bad = await deploy(api)
  await end(api, bad.id, 'FAILED')
  expect(new Set(await told(bad.id))).toEqual(
    new Set(['hook deployment.failed', 'failures deployment.failed']),
  )
  const dropped = await deploy(api)
  await end(api, dropped.id, 'CANCELED')
  expect(await told(dropped.id)).toEqual(['hook deployment.canceled'])

  const fallen = await deploy(api)
  const failure = {
    step: 'switch' as const,
    code: 'DiedAfterSwitch' as const,
    message: '',
    hint: '',
    link: '',
  }
  await api.store.deployments.finish(fallen.id, {
    status: 'FAILED',
    compensation: 'DONE',
    failure,
    step: 'switch',
  })
  // Told once, however often it is repeated.
  await api.store.deployments.finish(fallen.id, {
    status: 'FAILED',
    compensation: 'DONE',
    failure,
    step: 'switch',
  })
  expect((await told(fallen.id)).filter((one) => one.startsWith('hook')).toSorted()).toEqual([
    'hook deployment.failed',
    'hook deployment.rolled_back',
  ])

  await succeed(api, await deploy(api))
  const back = await api.call<{ id: string }>(
    'POST',
    '/v1/services/shop/environments/production/rollback',
    {},
  )
  expect(back.status).toBe(202)
  await end(api, back.body.id, 'SUCCEEDED')
  expect(await told(back.body.id)).toEqual(['hook deployment.rolled_back'])
})

it('lists deliveries page by page', async () => {
  const first = await api.call<{ data: { id: string }[]; nextCursor: string }>(
    'GET',
    `${path}/deliveries?limit=2`,
  )
  expect(first.body.data).toHaveLength(2)
  const next = await api.call<{ data: { id: string }[] }>(
    'GET',
    `${path}/deliveries?limit=2&cursor=${first.body.nextCursor}`,
  )
  expect(next.body.data.map(({ id }) => id)).not.toContain(first.body.data[0]!.id)
  await api.refused(422, 'ValidationFailed', 'GET', `${path}/deliveries?cursor=x`)
})
