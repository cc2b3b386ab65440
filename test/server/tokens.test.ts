import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Deployment } from '../../contract/deployment.ts'
import {
  madeTokenSchema,
  tokenSchema,
  type Caller,
  type MadeToken,
  type Token,
} from '../../contract/token.ts'
import { addShop, startApi, token as installation, type Api } from './api.ts'

let api: Api
beforeAll(async () => {
  api = await startApi()
  await addShop(api)
}, 60_000)
afterAll(() => api.stop())

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const make = async (wanted: object, headers: Record<string, string> = {}) => {
  const made = await api.call<MadeToken>('POST', '/v1/tokens', wanted, headers)
  expect(made.status, made.text).toBe(201)
  return made.body
}
const sql = async (text: string, values: unknown[] = []) => {
  const client = new pg.Client({ connectionString: api.databaseUrl })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text, values)).rows
  } finally {
    await client.end()
  }
}

describe('a token', () => {
  it('is shown once, works, and is listed without what it is', async () => {
    const made = await make({ name: 'ci', role: 'deployer', serviceId: 'shop' })
    expect(madeTokenSchema.parse(made)).toEqual(made)
    expect(made.token).toMatch(/^slc_[A-Za-z0-9_-]{43}$/)
    const days = (new Date(made.expiresAt!).getTime() - Date.now()) / (24 * 60 * 60 * 1000)
    expect(Math.round(days)).toBe(365)
    const me = await api.call<Caller>('GET', '/v1/whoami', undefined, bearer(made.token))
    expect(me.body).toEqual({ id: made.id, name: 'ci', role: 'deployer', serviceId: 'shop' })
    const { body, text } = await api.call<{ data: Token[] }>('GET', '/v1/tokens')
    expect(text).not.toContain(made.token)
    const listed = body.data.find(({ id }) => id === made.id)!
    expect(tokenSchema.parse(listed)).toEqual(listed)
    expect(listed.createdBy).toBe('api')
    // Noted beside the answer.
    await expect.poll(async () => (await api.store.tokens.find(made.id))?.lastUsedAt).toBeInstanceOf(Date)
  })

  it('stands nowhere: not in the database, not in the log', async () => {
    const key = { 'idempotency-key': 'make-one-token' }
    const made = await make({ name: 'kept', role: 'viewer' }, key)
    const again = await make({ name: 'kept', role: 'viewer' }, key)
    expect(again).toEqual(made)
    await api.call('GET', `/v1/services?token=${made.token}`, undefined, bearer(made.token))
    const tables = await sql(`select tablename from pg_tables where schemaname = 'public'`)
    let searched = ''
    for (const { tablename } of tables)
      searched += JSON.stringify(await sql(`select * from "${String(tablename)}"`))
    expect(searched).toContain(made.id)
    expect(searched).not.toContain(made.token)
    expect(api.logged.join('')).not.toContain(made.token)
  })

  it('is worthless once revoked, and so is one whose service was deleted', async () => {
    const made = await make({ name: 'gone', role: 'admin' })
    expect((await api.call('GET', '/v1/services', undefined, bearer(made.token))).status).toBe(200)
    expect((await api.call('DELETE', `/v1/tokens/${made.id}`)).status).toBe(204)
    await api.refused(401, 'Unauthorized', 'GET', '/v1/services', undefined, bearer(made.token))
    await api.refused(404, 'TokenNotFound', 'DELETE', `/v1/tokens/${made.id}`)

    await addShop(api, 'brief')
    const bound = await make({ name: 'bound', role: 'admin', serviceId: 'brief' })
    expect((await api.call('DELETE', '/v1/services/brief', undefined, bearer(bound.token))).status).toBe(204)
    await addShop(api, 'brief')
    await api.refused(401, 'Unauthorized', 'GET', '/v1/services/brief', undefined, bearer(bound.token))
  })

  it('expires', async () => {
    const made = await make({ name: 'old', role: 'viewer', expiresInDays: 1 })
    await sql(`update api_tokens set expires_at = now() - interval '1 second' where id = $1`, [made.id])
    await api.refused(401, 'TokenExpired', 'GET', '/v1/services', undefined, bearer(made.token))
    const forever = await make({ name: 'robot', role: 'viewer', expiresInDays: null })
    expect(forever.expiresAt).toBeNull()
  })

  it('makes none that reaches further than itself', async () => {
    await addShop(api, 'other')
    const { token } = await make({ name: 'boss of shop', role: 'admin', serviceId: 'shop' })
    const own = await api.call<MadeToken>(
      'POST',
      '/v1/tokens',
      { name: 'x', role: 'admin', serviceId: 'shop' },
      bearer(token),
    )
    expect(own.body).toMatchObject({ createdBy: 'boss of shop' })
    const wider = { name: 'x', role: 'admin' }
    await api.refused(403, 'Forbidden', 'POST', '/v1/tokens', wider, bearer(token))
    const foreign = { ...wider, serviceId: 'other' }
    await api.refused(404, 'ServiceNotFound', 'POST', '/v1/tokens', foreign, bearer(token))
    const { id } = await make(foreign)
    await api.refused(404, 'TokenNotFound', 'DELETE', `/v1/tokens/${id}`, undefined, bearer(token))
    const listed = await api.call<{ data: Token[] }>('GET', '/v1/tokens', undefined, bearer(token))
    expect(new Set(listed.body.data.map(({ serviceId }) => serviceId))).toEqual(new Set(['shop']))
  })

  it('is refused for a service that does not exist, and with a name that is none', async () => {
    const nowhere = { name: 'x', role: 'viewer', serviceId: 'nowhere' }
    await api.refused(404, 'ServiceNotFound', 'POST', '/v1/tokens', nowhere)
    for (const wrong of [
      { name: '', role: 'viewer' },
      { name: 'a\nb', role: 'viewer' },
      { name: 'x', role: 'root' },
      { name: 'x', role: 'viewer', expiresInDays: 0 },
      { name: 'x', role: 'viewer', serviceId: '../x' },
    ])
      await api.refused(422, 'ValidationFailed', 'POST', '/v1/tokens', wrong)
  })

  it('gives its name to what is done with it', async () => {
    const { token } = await make({ name: 'night build', role: 'deployer' })
    const wanted = { serviceId: 'shop', environment: 'production' }
    const { body } = await api.call<Deployment>('POST', '/v1/deployments', wanted, bearer(token))
    expect(api.lanes.enqueued.at(-1)?.requestedBy).toBe('night build')
    const canceled = await api.call<Deployment>(
      'POST',
      `/v1/deployments/${body.id}/cancel`,
      {},
      bearer(token),
    )
    expect(canceled.body.cancelRequested?.by).toBe('night build')
  })
})

describe('guessing', () => {
  it('a thousand times is slowed down, and who knows a token is not', async () => {
    const { token } = await make({ name: 'patient', role: 'viewer' })
    const statuses: number[] = []
    for (let n = 0; n < 1000; n++) {
      const guess = n % 2 === 0 ? `guess-${n}` : `slc_${String(n).padStart(43, 'A')}`
      statuses.push((await api.call('GET', '/v1/services', undefined, bearer(guess))).status)
    }
    // The tests above have shown some that are revoked.
    expect(statuses[0]).toBe(401)
    expect(new Set(statuses.slice(20))).toEqual(new Set([429]))
    for (const good of [token, installation])
      expect((await api.call('GET', '/v1/services', undefined, bearer(good))).status).toBe(200)
  })
})

describe('pages of others', () => {
  const from = (origin: string, headers: Record<string, string> = {}) => ({ origin, ...headers })
  it.each([
    'https://evil.example.com',
    'null',
    'http://127.0.0.1.evil.com',
    'http://localhost:1',
    'file://',
    'x',
  ])('of the origin %s get nothing', async (origin) => {
    const refused = ['403', 'CrossOrigin'] as const
    const wanted = { serviceId: 'shop', environment: 'production' }
    await api.refused(Number(refused[0]), refused[1], 'POST', '/v1/deployments', wanted, from(origin))
    await api.refused(403, 'CrossOrigin', 'GET', '/healthz', undefined, from(origin))
  })
  it('but its own do', async () => {
    expect((await api.call('GET', '/v1/services', undefined, from('http://127.0.0.1:7700'))).status).toBe(200)
    const proxied = from('http://localhost:9999', { host: 'localhost:9999' })
    expect((await api.call('GET', '/v1/services', undefined, proxied)).status).toBe(200)
  })
})
