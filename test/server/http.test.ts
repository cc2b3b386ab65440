import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Problem } from '../../contract/problems.ts'
import { deploymentStatuses } from '../../contract/vocabulary.ts'
import { addShop, expectProblem, startApi, token, type Answer, type Api } from './api.ts'

let api: Api
beforeAll(async () => {
  api = await startApi()
  await addShop(api)
}, 60_000)
afterAll(() => api.stop())

const authorization = `Bearer ${token}`
const json = { 'content-type': 'application/json' }
const service = { serviceId: 'x', source: { kind: 'git', url: 'https://git.example.com/a/b' } }

const chunked = (bytes: number) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (let sent = 0; sent < bytes; sent += 64 * 1024)
        controller.enqueue(new Uint8Array(64 * 1024).fill(32))
      controller.close()
    },
  })

describe('bodies', () => {
  it.each(['{', '', 'nonsense', '{"a":1,}', '\u0000', '{"serviceId":"x"'])(
    'answers malformed JSON %j with a problem',
    async (body) => {
      const answer = await api.call<Problem>('POST', '/v1/services', body)
      expect(answer.status).toBe(body === '' ? 422 : 400)
      expectProblem(answer)
    },
  )

  it('refuses bytes that are not UTF-8', async () => {
    const body = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])
    const response = await api.raw('/v1/services', {
      method: 'POST',
      headers: { authorization, ...json },
      body,
    })
    expect(response.status).toBe(400)
  })

  it('survives a body nested 100,000 deep', async () => {
    await api.refused(
      422,
      'ValidationFailed',
      'POST',
      '/v1/services',
      '['.repeat(100_000) + ']'.repeat(100_000),
    )
  })

  it('refuses __proto__ wherever it stands, and nothing gets a new prototype', async () => {
    await api.refused(422, 'ValidationFailed', 'POST', '/v1/services', '{"__proto__":{"polluted":1}}')
    const inner =
      '{"serviceId":"x","source":{"kind":"git","url":"https://git.example.com/a/b","__proto__":{"polluted":1}}}'
    const answer = await api.refused(422, 'ValidationFailed', 'POST', '/v1/services', inner)
    expect(answer.body.errors?.[0]?.pointer).toBe('/source/__proto__')
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
    await api.refused(422, 'ValidationFailed', 'POST', '/v1/services', '{"constructor":{"prototype":{}}}')
  })

  it('refuses more than 1 MiB, told or counted', async () => {
    await api.refused(413, 'BodyTooLarge', 'POST', '/v1/services', `"${'x'.repeat(1024 * 1024)}"`)
    const response = await api.raw('/v1/services', {
      method: 'POST',
      headers: { authorization, ...json },
      body: chunked(2 * 1024 * 1024),
      // What the browsers' own type of it does not know.
      ...{ duplex: 'half' },
    })
    expect(response.status).toBe(413)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
  })

  it('wants JSON', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ]) {
      await api.refused(415, 'UnsupportedMediaType', 'POST', '/v1/services', JSON.stringify(service), {
        'content-type': type,
      })
    }
    const bare = await api.raw('/v1/services', {
      method: 'POST',
      headers: { authorization },
      body: new Uint8Array([123, 125]),
    })
    expect(bare.status).toBe(415)
  })

  it.each(['br', 'gzip', 'deflate', 'zstd', 'gzip, br'])('does not decode %s', async (encoding) => {
    await api.refused(415, 'UnsupportedEncoding', 'POST', '/v1/services', JSON.stringify(service), {
      'content-encoding': encoding,
    })
  })

  it('points at every wrong field', async () => {
    const wrong = { serviceId: 'A', source: { kind: 'svn', url: 1 }, extra: true }
    const answer = await api.refused(422, 'ValidationFailed', 'POST', '/v1/services', wrong)
    expect(answer.body.errors?.map(({ pointer }) => pointer).toSorted()).toEqual([
      '/extra',
      '/serviceId',
      '/source/kind',
    ])
  })
})

describe('paths and methods', () => {
  it('answers an unknown path with a problem', async () => {
    await api.refused(404, 'NotFound', 'GET', '/v1/nothing')
    await api.refused(404, 'NotFound', 'GET', '/nothing')
    await api.refused(404, 'NotFound', 'GET', '/v1/services/')
    await api.refused(404, 'NotFound', 'GET', '/docs/..%2f..%2fpackage.json')
    await api.refused(404, 'NotFound', 'GET', '/guides/..%2f..%2fREADME')
  })

  it('names the methods that a path has', async () => {
    const answer = await api.refused(405, 'MethodNotAllowed', 'DELETE', '/v1/services')
    expect(answer.headers.get('allow')).toBe('GET, HEAD, POST')
    expect(
      (await api.refused(405, 'MethodNotAllowed', 'POST', '/v1/services/shop')).headers.get('allow'),
    ).toBe('GET, HEAD, PATCH, DELETE')
    await api.refused(405, 'MethodNotAllowed', 'OPTIONS', '/v1/deployments')
  })

  it('keeps a request id that is harmless and replaces one that is not', async () => {
    const kept = await api.call('GET', '/v1/services', undefined, { 'x-request-id': 'abc-1' })
    expect(kept.headers.get('x-request-id')).toBe('abc-1')
    const replaced = await api.call('GET', '/v1/services', undefined, { 'x-request-id': '{"a":1}' })
    expect(replaced.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('is not to be framed, sniffed or cached', async () => {
    const { headers } = await api.call('GET', '/v1/services')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('cache-control')).toBe('no-store')
  })
})

describe('who may ask', () => {
  const anonymous = async (path: string, headers: Record<string, string> = {}): Promise<Answer<Problem>> => {
    const response = await api.raw(path, { headers })
    const text = await response.text()
    const isProblem = response.headers.get('content-type') === 'application/problem+json'
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: (isProblem ? JSON.parse(text) : undefined) as Problem,
    }
  }

  it('wants the token for everything under /v1 and for metrics, whatever the path', async () => {
    for (const path of ['/v1/services', '/v1/nothing', '/v1/deployments/a.b.1/logs', '/metrics']) {
      const answer = await anonymous(path)
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
      expectProblem(answer)
    }
  })

  it('takes the token from the header alone', async () => {
    expect((await anonymous(`/v1/services?token=${token}&access_token=${token}`)).status).toBe(401)
    expect(api.logged.join('')).not.toContain(token)
    for (const wrong of [`Basic ${token}`, `Bearer ${token}x`, 'Bearer', `Bearer ${token.slice(1)}`, token]) {
      expect((await anonymous('/v1/services', { authorization: wrong })).status).toBe(401)
    }
    expect((await anonymous('/v1/services', { authorization: `bearer ${token}` })).status).toBe(200)
  })

  it('lets everybody see what is no secret', async () => {
    for (const path of [
      '/healthz',
      '/readyz',
      '/openapi.json',
      '/docs',
      '/guides/when-a-deploy-fails',
      '/schemas/sluice-yaml.json',
    ]) {
      expect((await anonymous(path)).status, path).toBe(200)
    }
  })

  it('slows down who guesses, and never who knows', async () => {
    const statuses = []
    for (let n = 0; n < 40; n++)
      statuses.push((await anonymous('/v1/services', { authorization: `Bearer guess-${n}` })).status)
    expect(statuses.at(-1)).toBe(429)
    const last = await anonymous('/v1/services', { authorization: 'Bearer guess' })
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0)
    expectProblem(last)
    expect((await api.call('GET', '/v1/services')).status).toBe(200)
  })

  it.each([
    'evil.example.com',
    'evil.example.com:7700',
    '127.0.0.1.evil.com',
    'localhost.evil.com',
    '127.0.0.1@evil',
    'localhost.',
  ])('does not answer to the name %s', async (host) => {
    const answer = await anonymous('/healthz', { host })
    expect(answer.status).toBe(421)
    expectProblem(answer)
  })

  it.each(['localhost', 'localhost:7700', '127.0.0.1:1', '[::1]:7700', 'LOCALHOST'])(
    'answers to %s',
    async (host) => {
      expect((await anonymous('/healthz', { host })).status).toBe(200)
    },
  )
})

describe('state of the server', () => {
  it('says what is down, and reads go on without Temporal', async () => {
    expect((await api.call('GET', '/readyz')).body).toEqual({ status: 'ready' })
    api.lanes.down = true
    const answer = await api.refused(503, 'NotReady', 'GET', '/readyz')
    expect(answer.body.errors).toEqual([{ pointer: '/temporal', message: 'does not answer' }])
    expect((await api.call('GET', '/v1/services')).status).toBe(200)
    expect((await api.call('GET', '/healthz')).body).toEqual({ status: 'ok' })
    api.lanes.down = false
  })

  it('measures by route pattern', async () => {
    await api.call('GET', '/v1/services/shop')
    const { text, headers } = await api.call('GET', '/metrics')
    expect(headers.get('content-type')).toContain('text/plain')
    expect(text).toContain('route="/v1/services/:serviceId",status="200"')
    for (const status of deploymentStatuses) expect(text).toContain(`sluice_deployments{status="${status}"}`)
    expect(text).not.toContain('/v1/services/shop')
  })

  it('says that the database is gone, and comes back with it', async () => {
    const restarted = api.postgres.restart()
    const during = await Promise.all(
      Array.from({ length: 20 }, () => api.call<Problem>('GET', '/v1/services')),
    )
    for (const { status } of during) expect([200, 503]).toContain(status)
    await restarted
    expect((await api.call('GET', '/v1/services')).status).toBe(200)
  })
})

describe('pages', () => {
  it('shows the API without network and without inline script', async () => {
    const page = await api.call('GET', '/docs')
    expect(page.text).not.toMatch(/<script>|https?:\/\//)
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
    for (const [, asset] of page.text.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect((await api.call('GET', asset!)).status, asset).toBe(200)
    }
  })

  it('shows a guide as Markdown, or as a page with anchors', async () => {
    const markdown = await api.call('GET', '/guides/when-a-deploy-fails')
    expect(markdown.headers.get('content-type')).toContain('text/markdown')
    const page = await api.call('GET', '/guides/when-a-deploy-fails', undefined, { accept: 'text/html' })
    expect(page.text).toContain('<h2 id="never-listened">')
  })
})
