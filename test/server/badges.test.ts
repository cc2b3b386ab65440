import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Badge } from '../../contract/badge.ts'
import { addShop, deploy, end, startApi, succeed, type Api } from './api.ts'

let api: Api
beforeAll(async () => {
  api = await startApi()
  await addShop(api)
}, 60_000)
afterAll(() => api.stop())

const path = '/v1/services/shop/environments/production'
const badge = async () => (await api.call<Badge>('GET', `${path}/badge`)).body
const show = async (url: string) => {
  const answer = await api.raw(new URL(url).pathname)
  return { status: answer.status, type: answer.headers.get('content-type'), svg: await answer.text() }
}

describe('the badge of an environment', () => {
  it('says without a token what is live, being deployed, or failed', async () => {
    const { url, markdown } = await badge()
    expect(markdown).toBe(`[![shop](${url})](http://shop.localhost:8080/)`)
    const says = async () => /aria-label="([^"]*)"/.exec((await show(url)).svg)?.[1]
    expect(await show(url)).toMatchObject({ status: 200, type: 'image/svg+xml; charset=utf-8' })
    expect(await says()).toBe('shop: not deployed')
    await succeed(api, await deploy(api))
    expect(await says()).toMatch(/^shop: live 0000000$/)
    const next = await deploy(api)
    expect(await says()).toMatch(/^shop: live/)
    await api.store.deployments.started(next.id, { runId: 'run', at: new Date() })
    expect(await says()).toBe('shop: deploying')
    await end(api, next.id, 'FAILED')
    expect(await says()).toBe('shop: failed')
    await end(api, (await deploy(api)).id, 'CANCELED')
    expect(await says()).toBe('shop: failed')
  })

  it('is at an address that nobody can make up, and that is no way in to anything else', async () => {
    const { url } = await badge()
    const [, key = ''] = /\/badge\/(.*)\.svg$/.exec(url)!
    const other = Buffer.from(key, 'base64url').toString('utf8')
    const changed = Buffer.from(`${other.slice(0, -3)}${other.at(-3) === 'A' ? 'B' : 'A'}${other.slice(-2)}`)
    for (const made of ['shop', 'shop/production', changed.toString('base64url'), key.slice(4), '%00', '..'])
      expect((await api.raw(`/badge/${made}.svg`)).status, made).toBe(404)
    const problem = await api.refused(404, 'BadgeNotFound', 'GET', '/badge/shop.svg')
    expect(problem.text).not.toContain('production')
    expect((await api.raw(`/badge/${key}`)).status).toBe(404)
    const headers = { authorization: `Bearer ${key}` }
    expect((await api.raw('/v1/services', { headers })).status).toBe(401)
  })

  it('ends with its environment: one that is made later under the name has another', async () => {
    await api.call('PUT', '/v1/services/shop/environments/staging', { branch: 'main' })
    const { body } = await api.call<Badge>('GET', '/v1/services/shop/environments/staging/badge')
    expect((await show(body.url)).svg).toContain('shop staging')
    await api.store.environments.remove('shop', 'staging')
    expect((await show(body.url)).status).toBe(404)
    await api.call('PUT', '/v1/services/shop/environments/staging', { branch: 'main' })
    expect((await show(body.url)).status).toBe(404)
  })
})
