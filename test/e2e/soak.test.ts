import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Deployment } from '../../contract/deployment.ts'
import { deployWorkflowId } from '../../contract/names.ts'
import { isThorough } from '../faults/points.ts'
import { keepAsking, processesWith, remainsOf } from './remains.ts'
import { repositoryRoot } from './repository.ts'
import {
  deploymentWhen,
  expectStatus,
  find,
  finished,
  makeService,
  until,
  type TestService,
} from './service.ts'
import { startSluice, type Sluice } from './sluice.ts'

const root = repositoryRoot()
const points = path.join(root.directory, 'crash-points')
mkdirSync(points)
let sluice: Sluice
let client: Client
beforeAll(async () => {
  const env = { SLUICE_SOURCE_ROOTS: root.directory, SLUICE_CRASH_POINTS: points }
  sluice = await startSluice({ env })
  client = new Client({ connection: await Connection.connect({ address: sluice.temporalAddress }) })
}, 120_000)
afterAll(async () => {
  await client?.connection.close()
  await sluice?.stop()
  root.remove()
}, 60_000)

const config = (soak: string) => `start: exec node server.js
health:
  path: /healthz
bootTimeout: 20s
drain: 5s
soak: ${soak}
`

/** Well until somebody asks for more than its health; then this happens. */
const withTrouble = (trouble: string) => `import http from 'node:http'
let ill = false
http.createServer((request, response) => {
  if (request.url !== '/healthz') { ${trouble} }
  response.statusCode = ill ? 500 : 200
  response.end('v2')
}).listen(Number(process.env.PORT), '127.0.0.1')
`
const dies = withTrouble(`setTimeout(() => { console.error('out of luck'); process.exit(3) }, 200)`)
const fallsIll = withTrouble('ill = true')

/** v1 is live, and the next deployment brings `server`. */
async function serviceWith(id: string, server: string | undefined, soak = '20s'): Promise<TestService> {
  const service = await makeService(sluice, root.directory, id)
  service.repository.commit({ 'sluice.yaml': config('0') })
  expect(await service.deploy()).toMatchObject({ status: 'SUCCEEDED' })
  service.repository.commit({
    'version.txt': 'v2\n',
    'sluice.yaml': config(soak),
    ...(server ? { 'server.js': server } : {}),
  })
  return service
}

/** Whether the agent has taken up the watch over the second deployment of a service. */
async function isWatched(service: string): Promise<boolean> {
  const { raw } = await client.workflow.getHandle(deployWorkflowId(service, 'production', 2)).describe()
  // Those that are over are not listed.
  return raw.pendingActivities!.some(
    ({ activityType, lastStartedTime }) => activityType?.name === 'watchRelease' && lastStartedTime,
  )
}

const isLive = (id: string) =>
  deploymentWhen(sluice, id, ({ live, finishedAt }) => live || finishedAt !== null)

async function expectRolledBack(service: TestService, ended: Deployment): Promise<void> {
  expect(ended).toMatchObject({
    status: 'FAILED',
    live: false,
    compensation: 'DONE',
    failure: { step: 'switch', code: 'DiedAfterSwitch' },
  })
  expect(ended.steps.find(({ name }) => name === 'switch')).toMatchObject({ status: 'FAILED' })
  expect(await service.get()).toEqual({ status: 200, text: 'v1' })
  expect(await find(sluice, `${service.id}.production.1`)).toMatchObject({ live: true })
  expect(remainsOf(sluice, ended.id)).toEqual([])
}

test.concurrent(
  'a release that dies of real traffic gives way to the one before it',
  { timeout: 90_000 },
  async () => {
    const service = await serviceWith('mortal', dies)
    const { id } = await service.start()
    expect(await isLive(id)).toMatchObject({ status: 'RUNNING', live: true })
    expect(await service.get()).toEqual({ status: 200, text: 'v2' })
    await until(async () => (await service.get().catch(() => undefined))?.text === 'v1')
    const traffic = keepAsking(sluice, 'mortal.localhost', (text) => text === 'v1')
    const ended = await finished(sluice, id)
    await expectRolledBack(service, ended)
    expect(ended.failure?.message).toContain('The service exited with status 3.\nout of luck')
    expect((await traffic.stop()).wrong).toEqual([])
    // The environment goes on as if nothing had been.
    service.repository.commit({ 'version.txt': 'v3\n', 'sluice.yaml': config('0'), 'server.js': good })
    expect(await service.deploy()).toMatchObject({ status: 'SUCCEEDED', number: 3 })
    expect(await service.get()).toEqual({ status: 200, text: 'v3' })
    expect(processesWith(sluice, 'mortal/production/1')).toEqual([])
  },
)

const good = `import { readFileSync } from 'node:fs'
import http from 'node:http'
const version = readFileSync('version.txt', 'utf8').trim()
http.createServer((q, r) => r.end(version)).listen(Number(process.env.PORT), '127.0.0.1')
`

test.concurrent('one that falls ill does too, and so does a rollback', { timeout: 120_000 }, async () => {
  const service = await serviceWith('sickly', fallsIll)
  const { id } = await service.start()
  await isLive(id)
  await service.get()
  const ended = await finished(sluice, id)
  await expectRolledBack(service, ended)
  expect(ended.failure?.message).toContain('GET /healthz answered 500, 3 times in a row.')
  // A release that was good once, and is ill when it is gone back to.
  const fixed = await makeService(sluice, root.directory, 'relapse')
  fixed.repository.commit({ 'sluice.yaml': config('6s'), 'server.js': fallsIll })
  expect(await fixed.deploy()).toMatchObject({ status: 'SUCCEEDED' })
  fixed.repository.commit({ 'sluice.yaml': config('0'), 'server.js': good })
  expect(await fixed.deploy()).toMatchObject({ status: 'SUCCEEDED' })
  const back = (await expectStatus(
    sluice.api('POST', '/v1/services/relapse/environments/production/rollback', {}),
    202,
  )) as Deployment
  await isLive(back.id)
  await fixed.get()
  expect(await finished(sluice, back.id)).toMatchObject({
    status: 'FAILED',
    failure: { code: 'DiedAfterSwitch' },
  })
  expect(await fixed.get()).toEqual({ status: 200, text: 'v1' })
  expect(await find(sluice, 'relapse.production.2')).toMatchObject({ live: true })
  // What it wanted to go back to is kept: a rollback discards nothing.
  expect(readdirSync(path.join(sluice.home, 'environments/relapse/production/releases')).toSorted()).toEqual([
    '1',
    '2',
  ])
})

test.concurrent(
  'a first deployment that dies is removed: there is nothing to go back to',
  { timeout: 60_000 },
  async () => {
    const service = await makeService(sluice, root.directory, 'stillborn')
    service.repository.commit({ 'sluice.yaml': config('20s'), 'server.js': dies })
    const { id } = await service.start()
    await isLive(id)
    await service.get()
    expect(await finished(sluice, id)).toMatchObject({
      status: 'FAILED',
      live: false,
      failure: { code: 'DiedAfterSwitch' },
    })
    expect((await service.get()).status).toBe(503)
    expect(remainsOf(sluice, id)).toEqual([])
  },
)

test.concurrent(
  'while it is watched it is live, the one before it stays warm, and a cancel is refused',
  { timeout: 60_000 },
  async () => {
    const service = await serviceWith('proven', undefined, '4s')
    const following = sluice.cli('deploy', 'proven')
    await until(async () => (await service.get()).text === 'v2')
    const id = 'proven.production.2'
    // The router is told first, the database a moment later.
    await until(async () => (await find(sluice, id)).live)
    expect(await find(sluice, id)).toMatchObject({ status: 'RUNNING', live: true })
    expect(processesWith(sluice, 'proven/production/1')).not.toEqual([])
    const refused = await sluice.api('POST', `/v1/deployments/${id}/cancel`, {})
    expect(refused).toMatchObject({ status: 409, body: { code: 'AlreadyLive' } })
    expect(refused.body.detail).toContain('sluice rollback')
    const { exitCode, stderr } = await following
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
    expect(stderr).toMatch(/http:\S+ answers with it\. It is watched for 4 s/)
    const ended = await find(sluice, id)
    expect(ended).toMatchObject({ status: 'SUCCEEDED', live: true })
    const step = ended.steps.find(({ name }) => name === 'switch')
    expect(step).toMatchObject({ status: 'SUCCEEDED', detail: expect.stringContaining('watched for 4 s') })
    expect(Date.parse(step!.finishedAt!) - Date.parse(step!.startedAt!)).toBeGreaterThanOrEqual(4000)
    expect(processesWith(sluice, 'proven/production/1')).toEqual([])
  },
)

/** The agent is killed with SIGKILL at each of these, each in a deployment of its own, side by side. */
const deaths = ['died', 'death noted', 'route restored', 'pointer restored', 'traffic restored']

// The crash matrix kills the agent too; the points of the way back take their time.
test.runIf(isThorough)(
  'kill -9 of the agent in the watch and at any point of the way back: the outcome is the same',
  { timeout: 240_000 },
  async () => {
    const dying = await Promise.all(deaths.map((_, at) => serviceWith(`k${at}`, dies, '60s')))
    const well = await serviceWith('k-well', undefined, '3s')
    const started = await Promise.all(
      dying.map(async (service, at) => {
        writeFileSync(path.join(points, `${service.id}@${deaths[at]!}`), '')
        return service.start()
      }),
    )
    writeFileSync(path.join(points, `${well.id}@soaking`), '')
    const healthy = await well.start()
    await Promise.all(
      dying.map(async (service, at) => {
        await isLive(started[at]!.id)
        await service.get().catch(() => {})
      }),
    )
    for (const [at, service] of dying.entries())
      await expectRolledBack(service, await finished(sluice, started[at]!.id))
    expect(await finished(sluice, healthy.id)).toMatchObject({ status: 'SUCCEEDED', live: true })
    expect(await well.get()).toEqual({ status: 200, text: 'v2' })
    expect(readdirSync(points)).toEqual([])
  },
)

test(
  'kill -9 of the worker in the watch: the way back does not wait for it',
  { timeout: 120_000 },
  async () => {
    const [service, well] = await Promise.all([
      serviceWith('unattended', dies, '60s'),
      serviceWith('unattended-well', undefined, '3s'),
    ])
    const [{ id }, other] = await Promise.all([service.start(), well.start()])
    await Promise.all([isLive(id), isLive(other.id)])
    await until(() => isWatched(service.id))
    const worker = sluice.part('worker')
    process.kill(worker.pid, 'SIGSTOP')
    await service.get()
    await until(async () => (await service.get().catch(() => undefined))?.text === 'v1')
    // The router is told first, the database a moment later.
    await until(async () => !(await find(sluice, id)).live)
    expect(await find(sluice, id)).toMatchObject({ status: 'RUNNING', live: false })
    process.kill(worker.pid, 'SIGKILL')
    await expectRolledBack(service, await finished(sluice, id))
    expect(await finished(sluice, other.id)).toMatchObject({ status: 'SUCCEEDED', live: true })
  },
)
