import { createServer } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { request } from 'undici'
import { identityOf } from '../../stack/identity.ts'
import { readLiveRecord } from '../../stack/run-record.ts'
import { callCli, startSluice, type RunningPart, type Sluice } from './sluice.ts'
import { canLimit } from '../process/contained.ts'

let sluice: Sluice

beforeAll(async () => {
  sluice = await startSluice({ env: { SLUICE_FIRST_DEPLOY: 'on' } })
})
afterAll(() => sluice.stop())

const example = async (): Promise<{ status: number; text: string }> => {
  const answer = await request(`http://127.0.0.1:${sluice.routerPort}/`, {
    headers: { host: 'hello.localhost' },
  })
  return { status: answer.statusCode, text: await answer.body.text() }
}

test('the first start deploys the example and says where it is', { timeout: 120_000 }, async () => {
  await expect
    .poll(() => sluice.log(), { timeout: 100_000 })
    .toContain(`http://hello.localhost:${sluice.routerPort}/`)
  expect(await example()).toMatchObject({
    status: 200,
    text: expect.stringContaining('<dd id="deployment">1</dd>'),
  })
})

test('what a newcomer needs is in the log', () => {
  for (const text of [sluice.url, `${sluice.url}/docs`, '/secrets/token', 'Ctrl-C'])
    expect(sluice.log()).toContain(text)
  expect(sluice.log()).not.toContain(sluice.token)
})

test('a second `up` of the same home is refused with the pid of the first', async () => {
  const { exitCode, stderr } = await callCli(['up'], sluice.environment)
  expect(exitCode).toBe(1)
  expect(stderr).toContain(`Sluice runs already for ${sluice.home} (pid ${sluice.part('up').pid})`)
  expect(await example()).toMatchObject({ status: 200 })
})

test('doctor finds everything well', async () => {
  const { exitCode, stdout } = await sluice.cli('doctor', '--json')
  const checks = JSON.parse(stdout) as { name: string; state: string }[]
  // An ordinary user may make no cgroups, and is told so.
  const advised = canLimit ? [] : ['Containment']
  expect(checks.filter(({ state }) => state !== 'ok').map(({ name }) => name)).toEqual(advised)
  expect(checks.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['server', 'worker', 'agent', 'router']),
  )
  expect(exitCode).toBe(0)
})

const killed: RunningPart[] = ['server', 'worker', 'agent', 'router', 'temporal', 'postgres']
test.for(killed)('%s, killed with -9, is back by itself', { timeout: 60_000 }, async (part) => {
  const earlier = sluice.killPart(part, 'SIGKILL')
  await sluice.waitForPart(part, earlier)
  await expect
    .poll(() => sluice.api('GET', '/readyz').catch(() => undefined), { timeout: 30_000 })
    .toMatchObject({ status: 200 })
  await expect
    .poll(() => example().catch(() => undefined), { timeout: 10_000 })
    .toMatchObject({ status: 200 })
})

test('after the kills a deploy works', { timeout: 90_000 }, async () => {
  const { exitCode, stdout, stderr } = await sluice.cli('deploy', 'hello', '--timeout', '80s')
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
  expect(stdout.trim()).toBe(`http://hello.localhost:${sluice.routerPort}/`)
})

test(
  'stopping `up` leaves router and services; the next one takes them over',
  { timeout: 120_000 },
  async () => {
    const router = sluice.part('router')
    await sluice.stopUp('SIGINT')
    expect(await example()).toMatchObject({ status: 200 })
    for (const part of ['up', 'server', 'worker', 'agent', 'temporal', 'postgres']) {
      expect(readLiveRecord(sluice.home, part)).toBeUndefined()
    }
    await sluice.startAgain()
    expect(sluice.part('router')).toMatchObject({ pid: router.pid, started: router.started })
    expect(sluice.log()).toContain(`runs already (pid ${router.pid})`)
    expect(sluice.log().match(/deploys the example/g)).toHaveLength(1)
  },
)

test(
  'after a kill -9 of `up` its parts end by themselves, and the next one starts and keeps a router that is slow to answer',
  { timeout: 120_000 },
  async () => {
    const kept = (['router', 'temporal', 'postgres'] as const).map((part) => sluice.part(part))
    const parts = (['server', 'worker', 'agent'] as const).map((part) => sluice.part(part))
    await sluice.stopUp('SIGKILL')
    // All of its processes, as on a machine that is short of breath.
    const slow = -sluice.part('router').pid
    process.kill(slow, 'SIGSTOP')
    setTimeout(() => process.kill(slow, 'SIGCONT'), 3_000)
    await sluice.startAgain()
    expect(kept.map(({ part }) => sluice.part(part as RunningPart).pid)).toEqual(kept.map(({ pid }) => pid))
    expect(parts.map(({ pid, started }) => identityOf(pid)?.started === started)).toEqual([
      false,
      false,
      false,
    ])
  },
)

test('a port in use is named before anything is started', { timeout: 60_000 }, async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = String((server.address() as { port: number }).port)
  const home = `${sluice.home}-other`
  const { exitCode, stderr, stdout } = await callCli(['up'], {
    ...sluice.environment,
    SLUICE_HOME: home,
    SLUICE_API_PORT: port,
  })
  server.close()
  sluice.onStop(home)
  expect(exitCode).toBe(1)
  expect(stderr).toContain(`Port ${port} (the API) is in use by`)
  expect(stderr).toContain('SLUICE_API_PORT')
  expect(stdout).not.toContain('makes a database')
})
