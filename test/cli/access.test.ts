import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import type http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loginSettings } from '../../cli/login.ts'
import type { AuditEntry } from '../../contract/audit.ts'
import { callCli, cleanEnvironment } from '../e2e/sluice.ts'
import { addShop, deploy, end, startApi, token, type Api } from '../server/api.ts'

/** The real command line against the real API; nothing of Temporal is needed for these. */
let api: Api
let server: http.Server
let folder = ''
let url = ''
beforeAll(async () => {
  api = await startApi({ privateHosts: ['127.0.0.1'] })
  await addShop(api)
  server = createAdaptorServer({ fetch: api.app.fetch }) as http.Server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-login-'))
}, 60_000)
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await api.stop()
  await rm(folder, { recursive: true, force: true })
})

const sluice = (args: string[], environment: Record<string, string> = {}) =>
  callCli(args, { ...cleanEnvironment(), XDG_CONFIG_HOME: folder, ...environment })

it('logs in for good with a token of its own, does what it may, and no more', async () => {
  const admin = { SLUICE_URL: url, SLUICE_TOKEN: token }
  const made = await sluice(['tokens', 'create', 'laptop', '--role', 'deployer', '--service', 'shop'], admin)
  expect(made.stdout).toMatch(/^slc_[A-Za-z0-9_-]{43}\n$/)
  const own = made.stdout.trim()

  expect((await sluice(['login', url], { SLUICE_TOKEN: 'slc_wrong-but-long-enough' })).exitCode).toBe(4)
  const login = await sluice(['login', url], { SLUICE_TOKEN: own })
  expect(login, login.stderr).toMatchObject({ exitCode: 0 })
  expect(login.stdout).toContain('laptop: deployer of the service shop')
  expect(login.stdout + login.stderr).not.toContain(own)
  const file = path.join(folder, 'sluice', 'login.json')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect((await stat(path.dirname(file))).mode & 0o077).toBe(0)
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ url, token: own })

  const [me, refused, list, hook] = await Promise.all([
    sluice(['whoami', '--json']),
    sluice(['tokens', 'list']),
    sluice(['tokens', 'list', '--json'], admin),
    sluice(['notify', 'set', 'shop', 'hook', '--to', `${url}/hook`, '--json'], admin),
  ])
  expect(JSON.parse(me.stdout)).toMatchObject({ name: 'laptop', role: 'deployer', serviceId: 'shop' })
  expect(refused).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('Forbidden') })
  const [listed] = JSON.parse(list.stdout) as { id: string; name: string }[]
  expect(listed).toMatchObject({ name: 'laptop' })
  expect(JSON.parse(hook.stdout)).toMatchObject({ targets: [{ name: 'hook', secret: expect.any(String) }] })

  expect((await sluice(['tokens', 'revoke', listed!.id], admin)).exitCode).toBe(0)
  const [worthless, audit, others] = await Promise.all([
    sluice(['whoami']),
    sluice(['audit', '--json', '--by', 'admin', '--action', 'revokeToken'], admin),
    sluice(['notify', 'list', 'shop', '--json'], admin),
  ])
  expect(worthless.exitCode).toBe(4)
  expect(JSON.parse(audit.stdout) as AuditEntry[]).toMatchObject([{ target: listed!.id, status: 204 }])
  expect(JSON.parse(others.stdout)).toMatchObject({ targets: [{ name: 'hook', kind: 'webhook' }] })
  expect((await sluice(['logout'])).exitCode).toBe(0)
  await expect(stat(file)).rejects.toThrow('ENOENT')
}, 60_000)

it('watches what runs or comes, and finds lines by step, time and pattern', async () => {
  const admin = { SLUICE_URL: url, SLUICE_TOKEN: token }
  const [nobody, unknown] = await Promise.all([
    sluice(['watch', 'shop', '--timeout', '1s'], admin),
    sluice(['watch', 'nothing'], admin),
  ])
  expect(nobody).toMatchObject({ exitCode: 6, stdout: '' })
  expect(unknown).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('NotFound') })

  const coming = sluice(['watch', 'shop', '--json'], admin)
  const { id } = await deploy(api)
  await api.store.deployments.started(id, { runId: 'run', at: new Date() })
  const [hour, now] = [new Date(Date.now() - 3_600_000), new Date()]
  const lines = [
    { at: hour, text: 'old error' },
    { at: now, text: 'new error' },
    { at: now, text: 'fine' },
  ]
  for (const step of ['build', 'migrate'] as const)
    await api.store.logs.append(id, { step, cursor: step, from: 0, to: 30, lines })
  const running = sluice(['watch', 'shop'], admin)
  const texts = async (...options: string[]) =>
    (await sluice(['logs', 'shop', ...options], admin)).stdout
      .split('\n')
      .map((line) => line.slice(9))
      .filter(Boolean)
  const [found, wrong] = await Promise.all([
    texts('--step', 'build', '--since', '10m', '--grep', '^\\w+ error$'),
    sluice(['logs', 'shop', '--grep', '('], admin),
  ])
  expect(found).toEqual(['build     new error'])
  expect(wrong.exitCode).toBe(2)
  await end(api, id, 'FAILED')
  const [came, ran] = await Promise.all([coming, running])
  expect(came.exitCode).toBe(3)
  expect(JSON.parse(came.stdout)).toMatchObject({ id, status: 'FAILED' })
  expect(ran).toMatchObject({ exitCode: 3, stderr: expect.stringContaining(`${id} failed`) })
  const lists = await Promise.all(
    [
      ['--since', '1h'],
      ['--until', '1h'],
      ['--since', 'yesterday'],
    ].map((options) => sluice(['list', 'shop', '--json', ...options], admin)),
  )
  const numbers = lists
    .slice(0, 2)
    .map(({ stdout }) => (JSON.parse(stdout) as { data: object[] }).data.length)
  expect(numbers).toEqual([1, 0])
  expect(lists[2]!.exitCode).toBe(2)
}, 60_000)

it('sends the token of a login to no other address, and in the place of no other token', () => {
  const login = { url: 'https://sluice.example.com', token: 'slc_kept' }
  const both = { SLUICE_URL: login.url, SLUICE_TOKEN: login.token }
  expect(loginSettings({}, login)).toEqual(both)
  expect(loginSettings({ SLUICE_URL: 'https://sluice.example.com/' }, login)).toEqual(both)
  expect(loginSettings({ SLUICE_URL: 'https://evil.example.com' }, login)).toEqual({})
  expect(loginSettings({ SLUICE_URL: 'http://sluice.example.com' }, login)).toEqual({})
  expect(loginSettings({ SLUICE_HOME: '/tmp/x' }, login)).toEqual({})
  expect(loginSettings({ SLUICE_TOKEN: 'slc_set' }, login)).toEqual({ SLUICE_URL: login.url })
  expect(loginSettings({}, undefined)).toEqual({})
})
