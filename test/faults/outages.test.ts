import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { localUrl } from '../../stack/postgres.ts'
import { keepAsking } from '../e2e/remains.ts'
import { repositoryRoot } from '../e2e/repository.ts'
import { find, finished, makeService, until, type TestService } from '../e2e/service.ts'
import { isThorough } from './points.ts'
import { startSluice, type ApiAnswer, type Sluice } from '../e2e/sluice.ts'

/** Temporal or PostgreSQL is away for a while: it is said at once, nothing is accepted by halves, and all goes on. */

const root = repositoryRoot()
let sluice: Sluice
beforeAll(async () => {
  sluice = await startSluice({ env: { SLUICE_SOURCE_ROOTS: root.directory } })
}, 120_000)
afterAll(async () => {
  await sluice?.stop()
  root.remove()
}, 60_000)

/** Its build takes long enough for the whole outage, and says when it is done. */
const yaml =
  'start: exec node server.js\nbuild: echo build >> "$COUNT_FILE"; sleep 6; echo built >> "$COUNT_FILE"\n'
/** Of the requests that must be answered while nobody else answers. */
const answered = { status: 503, headers: expect.anything() }

/** A service with v1 live, an earlier release behind it, and the build of v2 under way. */
async function building(id: string) {
  const service = await makeService(sluice, root.directory, id)
  await service.deploy()
  service.repository.commit({ 'version.txt': 'v1\n' })
  const { id: ended } = await service.deploy()
  service.repository.commit({ 'sluice.yaml': yaml, 'version.txt': 'v2\n' })
  const running = await service.start()
  await until(() => service.counts()['build'] === 3)
  const traffic = keepAsking(sluice, `${id}.localhost`, (text) => text === 'v1' || text === 'v2')
  return { service, ended, running: running.id, traffic }
}

const post = (route: string, key: string, body?: unknown): Promise<ApiAnswer<any>> =>
  sluice.api('POST', route, body, { 'idempotency-key': key })
const wish = ({ id }: TestService) => ({ serviceId: id, environment: 'production' })
const environmentOf = ({ id }: TestService) => `/v1/services/${id}/environments/production`

/** Everything that would start or stop something, each with a key of its own. */
const asked = (service: TestService, ended: string, running: string) =>
  Promise.all([
    post('/v1/deployments', `${service.id}-deploy`, wish(service)),
    post(`/v1/deployments/${ended}/retry`, `${service.id}-retry`),
    post(`${environmentOf(service)}/rollback`, `${service.id}-rollback`),
    post(`/v1/deployments/${running}/cancel`, `${service.id}-cancel`),
  ])

/** PostgreSQL is several processes: the one that `up` started, and one for each connection. */
function signalPostgres(signal: NodeJS.Signals): void {
  const { pid } = sluice.part('postgres')
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
  for (const one of [pid, ...children.map(Number)]) {
    try {
      process.kill(one, signal)
    } catch {
      // A connection that has ended meanwhile.
    }
  }
}

function parentOf(pid: string): number {
  try {
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  } catch {
    return 0
  }
}

const pids = () => (['server', 'worker', 'agent'] as const).map((part) => sluice.part(part).pid)
const becomesReady = () =>
  expect.poll(() => sluice.api('GET', '/readyz'), { timeout: 30_000 }).toMatchObject({ status: 200 })

/** The release that was being built goes live, built once; the keys that were refused are good again. */
async function goesOn(
  service: TestService,
  running: string,
  repeated = `${service.id}-deploy`,
): Promise<void> {
  const next = await post('/v1/deployments', repeated, wish(service))
  // No number was lost, so nothing had been accepted before.
  expect(next).toMatchObject({ status: 202, body: { number: 4 } })
  expect(await finished(sluice, running)).toMatchObject({ status: 'SUCCEEDED', cancelRequested: null })
  expect(await finished(sluice, next.body.id)).toMatchObject({ status: 'SUCCEEDED', live: true })
  expect(service.counts()).toMatchObject({ build: 4, built: 2 })
  const { body } = await sluice.api('GET', `/v1/deployments?serviceId=${service.id}`)
  expect(body.data.map(({ number }: { number: number }) => number)).toEqual([4, 3, 2, 1])
}

test('Temporal is frozen in the middle of a build', { timeout: 120_000 }, async () => {
  const { service, ended, running, traffic } = await building('frozen')
  sluice.killPart('temporal', 'SIGSTOP')
  try {
    for (const answer of await asked(service, ended, running)) {
      expect(answer).toMatchObject({ ...answered, body: { code: 'TemporalUnavailable' } })
      expect(answer.headers.get('retry-after')).toBe('2')
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
    }
    expect(await sluice.api('GET', '/healthz')).toMatchObject({ status: 200 })
    expect(await sluice.api('GET', '/readyz')).toMatchObject({
      status: 503,
      body: { errors: [{ pointer: '/temporal', message: 'does not answer' }] },
    })
    // The build goes on: it is a job of its own.
    await until(() => service.counts()['built'] === 1)
    expect(await find(sluice, running)).toMatchObject({ status: 'RUNNING', cancelRequested: null })
    await new Promise((resolve) => setTimeout(resolve, 5_000))
  } finally {
    sluice.killPart('temporal', 'SIGCONT')
  }
  await becomesReady()
  await goesOn(service, running)
  expect((await traffic.stop()).wrong).toEqual([])
})

// Kills of either stand in the crash matrix too.
test.runIf(isThorough)(
  'Temporal is killed with one deployment under way and one that waits',
  { timeout: 120_000 },
  async () => {
    const { service, running, traffic } = await building('killed')
    const before = sluice.part('temporal')
    const waiting = await service.start()
    sluice.killPart('temporal', 'SIGKILL')
    await sluice.waitForPart('temporal', before)
    for (const id of [running, waiting.id])
      expect(await finished(sluice, id)).toMatchObject({ status: 'SUCCEEDED' })
    expect(service.counts()).toMatchObject({ build: 4, built: 2 })
    expect((await traffic.stop()).wrong).toEqual([])
  },
)

test('PostgreSQL is frozen in the middle of a build', { timeout: 120_000 }, async () => {
  const { service, ended, running, traffic } = await building('silent')
  const before = pids()
  signalPostgres('SIGSTOP')
  try {
    const reads = ['/v1/services', `/v1/deployments/${running}`, `/v1/deployments/${running}/events`].map(
      (route) => sluice.api('GET', route, undefined, { accept: 'application/json' }),
    )
    for (const answer of [...(await asked(service, ended, running)), ...(await Promise.all(reads))])
      expect(answer).toMatchObject({ ...answered, body: { code: 'StoreUnavailable' } })
    expect(await sluice.api('GET', '/healthz')).toMatchObject({ status: 200 })
    expect(await sluice.api('GET', '/readyz')).toMatchObject({
      status: 503,
      body: { errors: [{ pointer: '/store', message: 'does not answer' }] },
    })
    await until(() => service.counts()['built'] === 1)
  } finally {
    signalPostgres('SIGCONT')
  }
  await becomesReady()
  await goesOn(service, running)
  expect(pids()).toEqual(before)
  expect((await traffic.stop()).wrong).toEqual([])
})

test.runIf(isThorough)('PostgreSQL is killed in the middle of a build', { timeout: 120_000 }, async () => {
  const { service, running, traffic } = await building('crashed')
  const before = pids()
  const postgres = sluice.part('postgres')
  signalPostgres('SIGKILL')
  expect(await sluice.api('GET', '/v1/services')).toMatchObject({ status: 503 })
  await sluice.waitForPart('postgres', postgres)
  await becomesReady()
  await goesOn(service, running)
  expect(pids()).toEqual(before)
  expect((await traffic.stop()).wrong).toEqual([])
})

test(
  'kill -9 of the server between the answer of the lane and the row: one deployment, and the key leads to it',
  { timeout: 120_000 },
  async () => {
    const service = await makeService(sluice, root.directory, 'accepted')
    const database = new pg.Client({
      connectionString: localUrl({
        home: sluice.home,
        postgresPort: Number(sluice.environment['SLUICE_POSTGRES_PORT']),
      }),
    })
    await database.connect()
    // Nobody can write the row: neither the server, whose lane has answered, nor the first step of the deployment.
    await database.query('begin; lock table deployments in share row exclusive mode')
    const lost = post('/v1/deployments', 'accepted', wish(service)).catch((error: Error) => error)
    const blocked = `select pid from pg_locks where relation = 'deployments'::regclass and not granted`
    await until(async () => (await database.query(blocked)).rows.length >= 2)
    const server = sluice.killPart('server', 'SIGKILL')
    expect(await lost).toBeInstanceOf(Error)
    // What the dead server had sent must not be carried out after all.
    await database.query(`select pg_terminate_backend(pid) from (${blocked}) as blocked`)
    await database.query('commit')
    await database.end()

    await sluice.waitForPart('server', server)
    await becomesReady()
    const again = await post('/v1/deployments', 'accepted', wish(service))
    expect(again).toMatchObject({ status: 202, body: { id: 'accepted.production.1' } })
    expect(await finished(sluice, again.body.id)).toMatchObject({ status: 'SUCCEEDED', live: true })
    const { body } = await sluice.api('GET', '/v1/deployments?serviceId=accepted')
    expect(body.data).toHaveLength(1)
    expect(service.counts()).toEqual({ install: 1, build: 1, migrate: 1 })
  },
)
