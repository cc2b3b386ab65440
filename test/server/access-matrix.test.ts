import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Problem } from '../../contract/problems.ts'
import { tokenRoles, type MadeToken, type TokenRole } from '../../contract/token.ts'
import { deploy, startApi, type Api } from './api.ts'

/**
 * Every route × every role × every reach. The routes and what they need come from the API's own document, so a new
 * route is in here by itself; one that does not say what it needs fails the first test.
 */
interface Operation {
  operationId: string
  security?: { token?: string[] }[]
  requestBody?: unknown
  'x-narrows'?: boolean
}
interface Route extends Operation {
  method: string
  path: string
  role: TokenRole
}

const reaches = ['all services', 'this service', 'another service'] as const
type Reach = (typeof reaches)[number]

let api: Api
let routes: Route[]
let open: string[]
const tokens = new Map<string, string>()

beforeAll(async () => {
  api = await startApi()
  for (const serviceId of ['shop', 'blog']) {
    mkdirSync(path.join(api.root, serviceId))
    const source = { kind: 'git', url: path.join(api.root, serviceId) }
    expect((await api.call('POST', '/v1/services', { serviceId, source })).status).toBe(201)
    const environment = `/v1/services/${serviceId}/environments/production`
    expect((await api.call('PUT', environment, { branch: 'main' })).status).toBe(201)
    // One that waits: what would take the service or the environment away is refused, after it was allowed.
    await deploy(api, serviceId)
  }
  for (const role of tokenRoles) {
    for (const [reach, serviceId] of [
      ['all services', null],
      ['this service', 'shop'],
      ['another service', 'blog'],
    ] as const) {
      const made = await api.call<MadeToken>('POST', '/v1/tokens', { name: role, role, serviceId })
      tokens.set(`${role} of ${reach}`, made.body.token)
    }
  }
  const { body } = await api.call<{ paths: Record<string, Record<string, Operation>> }>(
    'GET',
    '/openapi.json',
  )
  const all = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
    })),
  )
  open = all.filter(({ security }) => security?.length === 0).map(({ operationId }) => operationId)
  routes = all
    .filter(({ security }) => security?.length !== 0)
    .map((one) => ({ ...one, role: one.security?.[0]?.token?.[0] as TokenRole }))
}, 60_000)
afterAll(() => api.stop())

const names: Record<string, string> = {
  serviceId: 'shop',
  environment: 'production',
  deploymentId: 'shop.production.1',
  name: 'NOT_SET',
  tokenId: `tok_${'0'.repeat(24)}`,
}

function ask(route: Route, token: string | undefined) {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] ?? 'x')
  const body =
    route.operationId === 'createDeployment' ? { serviceId: 'shop', environment: 'production' } : {}
  return api.call<Problem>(route.method, path, route.requestBody ? body : undefined, {
    accept: 'application/json',
    authorization: token === undefined ? '' : `Bearer ${token}`,
  })
}

/** Undefined: it is allowed. */
function expected(route: Route, role: TokenRole, reach: Reach): 403 | 404 | undefined {
  const namesService = /\{(serviceId|deploymentId)\}/.test(route.path)
  if (reach === 'another service' && namesService) return 404
  if (reach !== 'all services' && !namesService && !route['x-narrows']) return 403
  if (tokenRoles.indexOf(role) < tokenRoles.indexOf(route.role)) return 403
  // Its body names the service.
  if (reach === 'another service' && route.operationId === 'createDeployment') return 404
  return undefined
}

describe('access', () => {
  it('is declared by every route', () => {
    for (const { operationId, role } of routes) expect(tokenRoles, operationId).toContain(role)
    expect(routes.length).toBeGreaterThan(28)
  })

  it('is open to everybody for nothing but the state of the server, and badges that one was given', () => {
    expect(open.filter((one) => !/^(isAlive|isReady|showBadge)$|webhook/i.test(one))).toEqual([])
  })

  it('needs a token', async () => {
    for (const route of routes.slice(0, 15))
      expect((await ask(route, undefined)).status, route.path).toBe(401)
  })

  for (const reach of reaches) {
    for (const role of tokenRoles) {
      it(`of a ${role} of ${reach} is as declared, route by route`, async () => {
        for (const route of routes) {
          const { status, body, text } = await ask(route, tokens.get(`${role} of ${reach}`))
          const cell = `${route.operationId}: ${status} ${text.slice(0, 200)}`
          const refusal = expected(route, role, reach)
          if (refusal === undefined) expect([401, 403, 429, 500], cell).not.toContain(status)
          else expect(status, cell).toBe(refusal)
          // One that may not exist looks like one that does not.
          if (refusal === 404) expect(body.code, cell).toMatch(/^(Service|Deployment)NotFound$/)
          if (reach === 'this service') expect(text, cell).not.toContain('blog')
        }
      })
    }
  }

  it('to what belongs to another service is refused exactly as to what does not exist', async () => {
    const authorization = `Bearer ${tokens.get('admin of another service')}`
    for (const [there, absent] of [
      ['/v1/services/shop', '/v1/services/nope'],
      ['/v1/services/shop/environments/production', '/v1/services/nope/environments/production'],
      ['/v1/deployments/shop.production.1', '/v1/deployments/nope.production.1'],
      ['/v1/deployments?serviceId=shop', '/v1/deployments?serviceId=nope'],
    ]) {
      const [one, other] = await Promise.all(
        [there!, absent!].map((at) => api.call<Problem>('GET', at, undefined, { authorization })),
      )
      expect(one!.status).toBe(404)
      const same = ({ body: { detail, status, code } }: typeof one & {}) => ({
        detail: detail.replaceAll(/shop|nope/g, ''),
        status,
        code,
      })
      expect(same(one!)).toEqual(same(other!))
    }
  })

  it.each([
    '/v1/services/%73hop',
    '/v1/services/blog/../shop',
    '/v1/services/blog%2f..%2fshop',
    '/v1/services/SHOP',
  ])('is not gained by another spelling: %s', async (spelling) => {
    const authorization = `Bearer ${tokens.get('admin of another service')}`
    expect((await api.call('GET', spelling, undefined, { authorization })).status).toBe(404)
  })

  it('tells a token of one service nothing of who has a domain', async () => {
    const blog = '/v1/services/blog/environments/production'
    const taken = { branch: 'main', domains: ['shop.localhost'] }
    const authorization = `Bearer ${tokens.get('admin of another service')}`
    const { text } = await api.refused(409, 'DomainTaken', 'PUT', blog, taken, { authorization })
    expect(text).not.toContain('shop/')
  })

  it('does not let a token of one service name a repository of this machine', async () => {
    const source = { kind: 'git', url: path.join(api.root, 'shop') }
    const authorization = `Bearer ${tokens.get('admin of another service')}`
    await api.refused(422, 'ValidationFailed', 'PATCH', '/v1/services/blog', { source }, { authorization })
    expect((await api.store.services.find('blog'))?.source).toMatchObject({
      url: path.join(api.root, 'blog'),
    })
  })

  it('to an answer that is kept under an Idempotency-Key belongs to who asked', async () => {
    const wanted = { serviceId: 'shop', environment: 'production' }
    const key = { 'idempotency-key': 'one-and-the-same' }
    const first = await api.call('POST', '/v1/deployments', wanted, key)
    expect(first.status).toBe(202)
    const authorization = `Bearer ${tokens.get('deployer of another service')}`
    await api.refused(404, 'ServiceNotFound', 'POST', '/v1/deployments', wanted, { ...key, authorization })
  })
})
