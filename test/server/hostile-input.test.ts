import { once } from 'node:events'
import { existsSync } from 'node:fs'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { problemSchema, type Problem } from '../../contract/problems.ts'
import { addShop, startApi, token, type Api } from './api.ts'

/** Every hostile input that the API must withstand, with what it answers. Over a real socket. */
const mark = path.join(os.tmpdir(), `sluice-hostile-${process.pid}`)
const shop = '/v1/services/shop/environments/production'
const service = (url: string, serviceId = 'x') => ({ serviceId, source: { kind: 'git', url } })
const services = (url: string): Row => [url, 'POST', '/v1/services', service(url), 422]
const named = (name: string): Row => [
  `service ${name}`,
  'POST',
  '/v1/services',
  service('https://git.example.com/a/b', name),
  422,
]
const variables = (what: string, of: object): Row => [
  what,
  'PUT',
  shop,
  { branch: 'main', variables: of },
  422,
]
const ref = (branch: string): Row => [`branch ${branch}`, 'PUT', shop, { branch }, 422]
const deployRef = (given: string): Row => [
  `ref ${given}`,
  'POST',
  '/v1/deployments',
  { serviceId: 'shop', environment: 'production', ref: given },
  422,
]
const health = (given: string): Row => [
  `health ${given}`,
  'PUT',
  shop,
  { branch: 'main', config: { health: { path: given } } },
  422,
]
const scheduled = (of: object) => ({ name: 'x', cron: '@daily', action: { kind: 'rollback', ...of } })
const badRefs = ['-x', '--exec=id', 'a$(id)', 'a`id`', 'a;b', 'a|b', 'refs/heads/-x', '@', 'a..b', 'a b', '']

type Row = [what: string, method: string, path: string, body: unknown, status: number]
const rows: Row[] = [
  ...[
    `--upload-pack=touch ${mark};`,
    `ext::sh -c touch% ${mark}`,
    'file:///etc',
    '/srv/x',
    '../x',
    'ssh://-oProxyCommand=x/y',
    'https://0x7f000001/a/b',
    'https://127.1/a/b',
    'https://[::ffff:a9fe:a9fe]/a/b',
    'https://localhost./a/b',
    'https://169.254.169.254/a/b',
    'https://100.64.0.1/a/b',
  ].map(services),
  ...badRefs.flatMap((bad) => [ref(bad), deployRef(bad)]),
  ...['a;id', '../x', 'A', '-x', 'a'.repeat(64), 'a'.repeat(10_000), '__proto__', 'a\r\nb'].map(named),
  variables('a variable A=B', { 'A=B': 'x' }),
  variables('a variable without a name', { '': 'x' }),
  variables('a NUL in a name', { 'A\0': 'x' }),
  variables('a NUL in a value', { A: 'x\0y' }),
  variables('a value of 128 KiB', { A: 'x'.repeat(128 * 1024) }),
  variables('a value of 128 KiB in two-byte characters', { A: 'é'.repeat(64 * 1024) }),
  ['__proto__ as the body', 'POST', '/v1/services', '{"__proto__":{"x":1}}', 422],
  ['__proto__ as a variable', 'PUT', shop, '{"branch":"main","variables":{"__proto__":"x"}}', 422],
  ['constructor as a field', 'POST', '/v1/services', '{"constructor":{"prototype":{}}}', 422],
  ['a pattern for a branch', 'PUT', shop, { branch: '(a+)+$' }, 422],
  ['what such a pattern dies of', 'PUT', shop, { branch: `${'a'.repeat(199)}!` }, 422],
  ['a long name for a name pattern', 'PUT', shop, { branch: 'main', domains: [`${'a-'.repeat(120)}!`] }, 422],
  ['malformed JSON', 'POST', '/v1/services', '{"serviceId":', 400],
  ['nesting', 'POST', '/v1/services', '['.repeat(200_000), 400],
  ['a body over the limit', 'POST', '/v1/services', `"${'x'.repeat(1024 * 1024)}"`, 413],
  ['..%2f in a name', 'GET', '/v1/services/..%2f..%2fetc%2fpasswd', undefined, 404],
  ['..%2f in a deployment', 'GET', '/v1/deployments/..%2f..%2fetc%2fpasswd', undefined, 404],
  ['%00 in a name', 'GET', '/v1/services/shop%00', undefined, 404],
  ['%ff in a name', 'GET', '/v1/services/%ff', undefined, 404],
  [
    "another service's domain",
    'PUT',
    '/v1/services/blog/environments/production',
    { branch: 'main', domains: ['shop.example.com'] },
    409,
  ],
  ["the dashboard's domain", 'PUT', shop, { branch: 'main', domains: ['sluice.example.com'] }, 409],
  ...['//evil/', '@evil', 'https://evil/', '\\\\evil\\', '/a\r\nHost: evil', 'up'].map(health),
  ['a NUL in a query', 'GET', '/v1/deployments?serviceId=%00', undefined, 422],
  ['a NUL in the actor of the audit log', 'GET', '/v1/audit?actor=%00', undefined, 422],
  ['a NUL in the name of a cron entry', 'GET', `${shop}/runs?cronName=%00`, undefined, 422],
  ['a NUL in a release', 'POST', `${shop}/rollback`, { releaseId: '\0' }, 422],
  ['a NUL in a deployment', 'POST', `${shop}/rollback`, { deploymentId: '\0' }, 422],
  [
    'a NUL in one of many deployments',
    'POST',
    '/v1/deployments/archive',
    { deploymentIds: ['\0'], archived: true },
    422,
  ],
  ['a NUL in the release of a schedule', 'POST', `${shop}/schedules`, scheduled({ releaseId: '\0' }), 422],
  ['a cursor of another list', 'GET', '/v1/audit?cursor=ZDE', undefined, 422],
  ['a number that is none', 'GET', '/v1/deployments?limit=1e400', undefined, 422],
]

let api: Api
let server: http.Server
let port = 0
beforeAll(async () => {
  api = await startApi({ url: 'http://sluice.example.com' })
  await addShop(api)
  await addShop(api, 'blog')
  await api.call('PUT', shop, { branch: 'main', domains: ['shop.example.com'] })
  server = createAdaptorServer({ fetch: api.app.fetch }) as http.Server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
}, 60_000)
afterAll(async () => {
  server?.closeAllConnections()
  server?.close()
  await api.stop()
})

const ask = (method: string, to: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${port}${to}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })

describe('hostile input', () => {
  it.each(rows)('%s is refused with a problem, and nothing is done', async (_, method, to, body, status) => {
    const before = [await api.store.services.list(), await api.store.environments.list()]
    const answer = await ask(method, to, body)
    const text = await answer.text()
    expect(answer.status, text.slice(0, 300)).toBe(status)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    const problem = JSON.parse(text) as Problem
    expect(problemSchema.parse(problem)).toEqual(problem)
    expect([await api.store.services.list(), await api.store.environments.list()]).toEqual(before)
    expect(api.lanes.enqueued).toEqual([])
    expect(existsSync(mark)).toBe(false)
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false)
  })

  it('a chunked body over the limit is refused before it ends', async () => {
    const request = http.request({
      port,
      method: 'POST',
      path: '/v1/services',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    })
    request.on('error', () => {})
    const answered = once(request, 'response') as Promise<[http.IncomingMessage]>
    for (let sent = 0; sent < 32; sent++) request.write(' '.repeat(64 * 1024))
    const [answer] = await answered
    expect(answer.statusCode).toBe(413)
    expect(answer.headers['content-type']).toBe('application/problem+json')
    request.destroy()
  })

  it('a header with a line end in it makes no header', async () => {
    const socket = net.connect(port, '127.0.0.1')
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString())).on('error', () => {})
    socket.write(
      `GET /v1/services HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-Id: a\rSet-Cookie: x=1\r\nConnection: close\r\n\r\n`,
    )
    await once(socket, 'close')
    expect(text).toMatch(/^HTTP\/1\.1 4\d\d /)
    expect(text).not.toMatch(/^set-cookie/im)
  })

  it('a key that reaches further than the service is stored for it alone', async () => {
    for (const name of ['LD_PRELOAD', 'NODE_OPTIONS', 'PATH', 'BASH_ENV', 'GIT_CONFIG_COUNT']) {
      expect((await ask('PUT', `${shop}/variables/${name}`, { value: 'x' })).status).toBe(201)
      expect(process.env[name]).not.toBe('x')
    }
  })
})
