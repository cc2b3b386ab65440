import { Connection } from '@temporalio/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { embeddedRouter } from '../../adapters/router/embedded/index.ts'
import { homePaths } from '../../contract/settings.ts'
import { keepAsking } from '../e2e/remains.ts'
import { repositoryRoot } from '../e2e/repository.ts'
import { find, finished, makeService, type TestService } from '../e2e/service.ts'
import type { RunningPart, Sluice } from '../e2e/sluice.ts'
import { agreement } from './agreement.ts'
import { startPatient } from './patient.ts'
import { crashPoints, fewStepPoints, fewUndoPoints, isThorough, stepPoints, undoPoints } from './points.ts'

const root = repositoryRoot()
const points = crashPoints(root.directory)
const inSteps = isThorough ? stepPoints : fewStepPoints
const inUndos = isThorough ? undoPoints : fewUndoPoints
let sluice: Sluice
let connection: Connection
let services: TestService[]
beforeAll(async () => {
  sluice = await startPatient({
    env: { SLUICE_SOURCE_ROOTS: root.directory, SLUICE_CRASH_POINTS: points.folder },
  })
  connection = await Connection.connect({ address: sluice.temporalAddress })
  // One for each point, whose v1 is live: one kill meets all of them.
  services = await Promise.all(inSteps.map((_, at) => makeService(sluice, root.directory, `p${at}`)))
  for (const service of services) service.repository.commit({ 'sluice.yaml': withReload })
  const first = await Promise.all(services.map((service) => service.deploy()))
  expect(first.map(({ status }) => status)).toEqual(services.map(() => 'SUCCEEDED'))
}, 600_000)
afterAll(async () => {
  await connection?.close()
  await sluice?.stop()
  root.remove()
}, 180_000)

const withReload = `install: sh step.sh install
build: sh step.sh build
start: exec node server.js
health:
  path: /
hooks:
  migrate: sh step.sh migrate
  reload: sh step.sh reload
bootTimeout: 20s
drain: 1s
soak: 0
`

let version = 1
let blocked = 0

/** A deployment of each of these services, of which each is to meet its point. */
async function startAll(prepare: (service: string, point: string) => void, chosen = services) {
  version++
  return Promise.all(
    chosen.map(async (service) => {
      const point = inSteps[services.indexOf(service)]!
      service.repository.commit({ 'version.txt': `v${version}\n` })
      prepare(service.id, point)
      return { service, point, id: (await service.start()).id, counts: service.counts() }
    }),
  )
}

/** Each went on to its end, each command ran once, and everything agrees that it is live. */
async function expectLive(started: Awaited<ReturnType<typeof startAll>>): Promise<void> {
  for (const { service, point, id, counts } of started) {
    const { status, live, number } = await finished(sluice, id)
    expect({ point, status, live }).toEqual({ point, status: 'SUCCEEDED', live: true })
    const once = Object.fromEntries(Object.entries(counts).map(([command, ran]) => [command, ran + 1]))
    expect({ point, ...service.counts() }).toEqual({ point, ...once })
    const agreed = await agreement(sluice, connection, service).catch(async (error: unknown) => {
      // What the steps say of themselves is gone with the home.
      console.error(JSON.stringify((await find(sluice, id)).steps), sluice.log().slice(-8_000))
      throw error
    })
    expect({ point, live: agreed.live }).toEqual({ point, live: number })
    expect(await service.get()).toEqual({ status: 200, text: `v${version}` })
  }
}

const traffic = () =>
  services.map(({ id }) => keepAsking(sluice, `${id}.localhost`, (text) => text.startsWith('v'), 200))

const others: RunningPart[] = ['worker', 'server', 'temporal', 'postgres', 'router']
const everything: RunningPart[] = [...others, 'agent']

/** Kills these parts while a deployment waits at each of the points, and lets those go on whose agent still lives. */
async function killAt(waiting: { service: TestService; point: string }[], parts: RunningPart[]) {
  await Promise.all(waiting.map(({ service, point }) => points.reached(service.id, point)))
  const before = parts.map((part) => sluice.killPart(part, 'SIGKILL'))
  await Promise.all(parts.map((part, at) => sluice.waitForPart(part, before[at])))
  for (const { service, point } of waiting) points.release(service.id, point)
  // Those who waited were killed: they will not take their notes away themselves.
  if (parts.includes('agent')) points.clear()
  await untilReady()
}

test.each<[string, RunningPart[]]>([
  ['the agent', ['agent']],
  ['everything but the agent', others],
  // Each alone shows whom to blame.
  ...(isThorough ? others.map((part): [string, RunningPart[]] => [part, [part]]) : []),
])(
  'kill -9 of %s while a deployment is at every point: all of them go on',
  { timeout: 600_000 },
  async (_, parts) => {
    const asking = parts.includes('router') ? [] : traffic()
    const started = await startAll(points.hold)
    await killAt(started, parts)
    await expectLive(started)
    for (const one of asking) expect((await one.stop()).wrong).toEqual([])
  },
)

test.each<[string, RunningPart[]]>([
  ['everything', everything],
  ...(isThorough
    ? ([
        ['the agent', ['agent']],
        ['everything but the agent', others],
      ] satisfies [string, RunningPart[]][])
    : []),
])(
  'kill -9 of %s at every point of an undo: it is completed, and what was live goes on',
  { timeout: 600_000 },
  async (_, parts) => undoAll(points.hold, (chosen) => killAt(chosen, parts)),
)

/**
 * One kill after the other, each of which interrupts all the others, too: minutes. Few at a time, because an attempt
 * that is interrupted 25 times gives up.
 */
test.runIf(isThorough)(
  'the agent kills itself at each point of a deployment: it goes on',
  { timeout: 1_200_000 },
  async () => {
    const asking = traffic()
    for (let from = 0; from < services.length; from += 9) {
      const started = await startAll(points.arm, services.slice(from, from + 9))
      await expectLive(started)
      expect(points.unmet()).toEqual([])
    }
    for (const one of asking) expect((await one.stop()).wrong).toEqual([])
  },
)

test.runIf(isThorough)(
  'the agent kills itself at each point of an undo: it is completed',
  { timeout: 1_200_000 },
  async () => {
    await undoAll(points.arm)
    expect(points.unmet()).toEqual([])
  },
)

/** Deployments that fail at the switch, which is the last step that can. */
async function undoAll(
  prepare: (service: string, point: string) => void,
  meanwhile: (chosen: { service: TestService; point: string }[]) => Promise<void> = async () => {},
): Promise<void> {
  const chosen = inUndos.map((point, at) => ({ service: services[at]!, point }))
  const router = embeddedRouter({ socketPath: homePaths(sluice.home).routerSocket })
  const hosts = chosen.map(({ service }) => `${service.id}.example.com`)
  const blocker = { route: 'blocker/production', hosts, target: null }
  await router.change({ ...blocker, fence: { deployment: ++blocked, revision: 0 } })
  const started = await Promise.all(
    chosen.map(async ({ service, point }) => {
      const { text } = await service.get()
      const { live } = await agreement(sluice, connection, service)
      points.hold(service.id, 'before switch')
      const { id } = await service.start()
      await points.reached(service.id, 'before switch')
      // A name that another route has: the switch is refused.
      await service.environment('production', { domains: [`${service.id}.example.com`] })
      prepare(service.id, point)
      points.release(service.id, 'before switch')
      return { service, point, id, text, live }
    }),
  )
  await meanwhile(chosen)
  for (const { service, point, id, text, live } of started) {
    const { status, compensation, failure } = await finished(sluice, id)
    expect({ point, status, compensation, code: failure?.code }).toEqual({
      point,
      status: 'FAILED',
      compensation: 'DONE',
      code: 'SwitchFailed',
    })
    expect((await agreement(sluice, connection, service)).live).toBe(live)
    expect(await service.get()).toEqual({ status: 200, text })
    await service.environment('production', { domains: [] })
  }
}

const untilReady = () =>
  expect
    .poll(() => sluice.api('GET', '/readyz').catch(() => undefined), { timeout: 40_000 })
    .toMatchObject({ status: 200 })
