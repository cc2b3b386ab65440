import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { embeddedRouter } from '../../adapters/router/embedded/index.ts'
import { homePaths } from '../../contract/settings.ts'
import { repositoryRoot } from '../e2e/repository.ts'
import type { TestService } from '../e2e/service.ts'
import { makeService } from '../e2e/service.ts'
import { startSluice, type Sluice } from '../e2e/sluice.ts'

/** Answers `/slow` after 3 s, at once otherwise. */
const server = `import { readFileSync } from 'node:fs'
import http from 'node:http'
const version = readFileSync('version.txt', 'utf8').trim()
http
  .createServer((request, response) => setTimeout(() => response.end(version), request.url === '/slow' ? 3000 : 0))
  .listen(Number(process.env.PORT), '127.0.0.1')
`

const root = repositoryRoot()
let sluice: Sluice
let service: TestService
beforeAll(async () => {
  sluice = await startSluice({ env: { SLUICE_SOURCE_ROOTS: root.directory } })
  service = await makeService(sluice, root.directory, 'shop')
  service.repository.commit({ 'server.js': server })
  expect(await service.deploy()).toMatchObject({ status: 'SUCCEEDED' })
}, 120_000)
afterAll(async () => {
  await sluice?.stop()
  root.remove()
}, 60_000)

const routerOf = ({ home }: Sluice) =>
  embeddedRouter({ socketPath: homePaths(home).routerSocket, patienceMs: 20_000 })
const answers = () => service.get().catch(() => undefined)

test('row 18: the holder, killed with -9, is back with its routes, and what was in flight is finished', async () => {
  const router = routerOf(sluice)
  const before = await router.list()
  const slow = service.get('/slow')
  await expect.poll(async () => (await router.load(before[0]!.target!.instance)).requests).toBe(1)
  const earlier = sluice.killPart('router', 'SIGKILL')
  await sluice.waitForPart('router', earlier)
  await expect.poll(answers, { timeout: 20_000 }).toEqual({ status: 200, text: 'v1' })
  expect(await slow).toEqual({ status: 200, text: 'v1' })
  expect(await router.list()).toEqual(before)
}, 60_000)

test('row 19: the router that has lost its state gets the routes of the live releases again', async () => {
  const router = routerOf(sluice)
  const [before] = await router.list()
  const { routerState } = homePaths(sluice.home)
  await expect.poll(() => existsSync(`${routerState}.copy`)).toBe(true)
  for (const file of [routerState, `${routerState}.copy`]) writeFileSync(file, 'torn')
  process.kill((await router.health()).pid, 'SIGKILL')
  await expect.poll(() => logOf('router'), { timeout: 20_000 }).toContain('the routes are lost')
  // Or sooner, should the agent look by itself.
  sluice.killPart('agent', 'SIGKILL')
  await expect.poll(answers, { timeout: 30_000 }).toEqual({ status: 200, text: 'v1' })
  const { changedAt: _, ...lost } = before!
  expect(await router.find('shop/production')).toMatchObject({ ...lost, fence: { deployment: 1 } })

  // And what comes next is a deployment like any other.
  service.repository.commit({ 'version.txt': 'v2\n' })
  expect(await service.deploy()).toMatchObject({ status: 'SUCCEEDED' })
  expect(await service.get()).toEqual({ status: 200, text: 'v2' })
}, 120_000)

const logOf = (part: string) => readFileSync(path.join(sluice.home, 'logs', `${part}.log`), 'utf8')
