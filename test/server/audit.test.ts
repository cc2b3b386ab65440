import { afterAll, beforeAll, expect, it } from 'vitest'
import { auditEntrySchema, type AuditEntry } from '../../contract/audit.ts'
import type { MadeToken } from '../../contract/token.ts'
import { addShop, startApi, type Api } from './api.ts'

interface Page {
  data: AuditEntry[]
  nextCursor: string | null
}

let api: Api
let ci: MadeToken
beforeAll(async () => {
  api = await startApi()
  await addShop(api)
  await addShop(api, 'blog')
  const wanted = { name: 'ci', role: 'deployer', serviceId: 'shop' }
  ci = (await api.call<MadeToken>('POST', '/v1/tokens', wanted)).body
}, 60_000)
afterAll(() => api.stop())

const as = (token: string) => ({ authorization: `Bearer ${token}` })
const entries = async (query = '') => (await api.call<Page>('GET', `/v1/audit?limit=200${query}`)).body.data
const last = async () => (await entries())[0]

it('has who did what to what, and how it ended', async () => {
  const wanted = { serviceId: 'shop', environment: 'production' }
  const made = await api.call('POST', '/v1/deployments', wanted, { ...as(ci.token), 'x-request-id': 'r-1' })
  expect(made.status).toBe(202)
  const entry = await last()
  expect(auditEntrySchema.parse(entry)).toEqual(entry)
  expect(entry).toMatchObject({
    actorId: ci.id,
    actorName: 'ci',
    role: 'deployer',
    action: 'createDeployment',
    serviceId: 'shop',
    environment: 'production',
    target: 'shop.production.1',
    status: 202,
    code: null,
    requestId: 'r-1',
  })
  expect(Math.abs(Date.now() - new Date(entry!.at).getTime())).toBeLessThan(60_000)
  await api.call('POST', '/v1/deployments/shop.production.1/cancel', {})
  expect(await last()).toMatchObject({
    actorId: 'admin',
    action: 'cancelDeployment',
    serviceId: 'shop',
    environment: 'production',
    target: 'shop.production.1',
  })
})

it('has what was refused, with why', async () => {
  await api.refused(403, 'Forbidden', 'DELETE', '/v1/services/shop', undefined, as(ci.token))
  expect(await last()).toMatchObject({
    actorId: ci.id,
    action: 'deleteService',
    status: 403,
    code: 'Forbidden',
  })
  await api.refused(404, 'ServiceNotFound', 'DELETE', '/v1/services/blog', undefined, as(ci.token))
  expect(await last()).toMatchObject({ serviceId: 'blog', status: 404, code: 'ServiceNotFound' })
  await api.refused(400, 'MalformedJson', 'POST', '/v1/services', '{')
  expect(await last()).toMatchObject({ action: 'createService', serviceId: null, code: 'MalformedJson' })
  const odd = '/v1/services/shop/environments/production/variables/a%00b%0Ac'
  expect((await api.call('DELETE', odd)).status).toBe(404)
  expect(await last()).toMatchObject({ action: 'deleteVariable', status: 404 })
})

it('has every call that changes something, none that reads, and no stranger', async () => {
  const before = (await entries()).length
  await api.call('GET', '/v1/services')
  await api.call('POST', '/v1/services', {}, as('slc_nobody'))
  await api.call('POST', '/v1/nothing', {})
  expect(await entries()).toHaveLength(before)
  const shop = '/v1/services/shop/environments/production'
  await api.call('PUT', shop, { branch: 'main' })
  await api.call('PUT', `${shop}/variables/A`, { value: 'x' })
  await api.call('PATCH', '/v1/services/shop', {})
  await api.call('DELETE', `${shop}/variables/A`)
  const actions = (await entries()).slice(0, 4).map(({ action, target }) => [action, target])
  expect(actions).toEqual([
    ['deleteVariable', 'A'],
    ['changeService', null],
    ['putVariable', 'A'],
    ['putEnvironment', null],
  ])
})

it('never has a secret', async () => {
  const secret = 'hunter2-and-more'
  const shop = '/v1/services/shop/environments/production'
  await api.call('PUT', `${shop}/variables/PASSWORD`, { value: secret })
  await api.call('PUT', shop, { branch: 'main', variables: { PASSWORD: secret } })
  const source = { kind: 'git', url: `https://bot:${secret}@git.example.com/acme/x` }
  await api.call('POST', `/v1/services?x=${secret}`, { serviceId: 'secretive', source })
  const text = JSON.stringify(await entries())
  expect(text).toContain('secretive')
  expect(text).not.toContain(secret)
  expect(text).not.toContain(ci.token)
})

it('can be searched, page by page', async () => {
  expect(new Set((await entries(`&actor=${ci.id}`)).map(({ actorName }) => actorName))).toEqual(
    new Set(['ci']),
  )
  expect(new Set((await entries('&action=createService')).map(({ action }) => action)).size).toBe(1)
  for (const { status } of await entries('&outcome=refused')) expect(status).toBeGreaterThanOrEqual(400)
  for (const { status } of await entries('&outcome=done')) expect(status).toBeLessThan(400)
  const all = await entries()
  const middle = all[3]!.at
  const [newer, older] = [await entries(`&since=${middle}`), await entries(`&until=${middle}`)]
  expect(newer.length + older.length).toBe(all.length)
  const paged: AuditEntry[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const { body }: { body: Page } = await api.call<Page>(
      'GET',
      `/v1/audit?limit=3${cursor && `&cursor=${cursor}`}`,
    )
    paged.push(...body.data)
    cursor = body.nextCursor
  }
  expect(paged).toEqual(all)
  await api.refused(422, 'ValidationFailed', 'GET', '/v1/audit?cursor=nonsense')
  await api.refused(422, 'ValidationFailed', 'GET', '/v1/audit?since=yesterday')
})

it('shows a token of one service what was done to that service only', async () => {
  const boss = { name: 'boss', role: 'admin', serviceId: 'shop' }
  const { token } = (await api.call<MadeToken>('POST', '/v1/tokens', boss)).body
  const { body } = await api.call<Page>('GET', '/v1/audit?limit=200', undefined, as(token))
  expect(new Set(body.data.map(({ serviceId }) => serviceId))).toEqual(new Set(['shop']))
  await api.refused(404, 'ServiceNotFound', 'GET', '/v1/audit?serviceId=blog', undefined, as(token))
})
