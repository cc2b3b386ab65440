import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepAsking, processesWith } from '../e2e/remains.ts'
import { repositoryRoot } from '../e2e/repository.ts'
import { deploymentWhen, finished, makeService, type TestService } from '../e2e/service.ts'
import type { Sluice } from '../e2e/sluice.ts'
import { agreement } from './agreement.ts'
import { startPatient } from './patient.ts'
import { crashPoints, isThorough } from './points.ts'
import { startSecondAgent } from './second-agent.ts'

/**
 * One agent is frozen (SIGSTOP, so that its connections are frozen with it) with an attempt at each of these; another
 * agent of the host takes over; then the first one wakes up in the middle of what it was about to do.
 */
const all = [
  'planned',
  'exported',
  'before install',
  'before validate',
  'before migrate',
  'hook ran',
  'noted',
  'routed',
  'chosen',
]

/** Where, and what happens to the deployment before its frozen attempt wakes up. */
const wanted = [
  ...(isThorough ? all : ['exported', 'hook ran']).map((point) => ({
    point,
    next: 'it is live',
  })),
  ...(isThorough ? all : ['before migrate', 'noted', 'chosen']).map((point) => ({
    point,
    next: 'a newer one is live',
  })),
  ...(isThorough ? ['exported', 'before validate', 'before migrate'] : ['before validate']).map((point) => ({
    point,
    next: 'cancel',
  })),
  ...(isThorough ? ['noted', 'routed'] : ['routed']).map((point) => ({ point, next: 'terminate' })),
]

const root = repositoryRoot()
const points = crashPoints(root.directory)
let sluice: Sluice
let connection: Connection
beforeAll(async () => {
  sluice = await startPatient({
    env: { SLUICE_SOURCE_ROOTS: root.directory, SLUICE_CRASH_POINTS: points.folder },
  })
  connection = await Connection.connect({ address: sluice.temporalAddress })
}, 120_000)
afterAll(async () => {
  await connection?.close()
  await sluice?.stop()
  root.remove()
}, 180_000)

interface Case {
  service: TestService
  point: string
  next: string
  id: string
}

test(
  'an agent that was frozen, and wakes up when another has done its work, changes nothing',
  { timeout: 400_000 },
  async () => {
    const services = await Promise.all(wanted.map((_, at) => makeService(sluice, root.directory, `f${at}`)))
    for (const service of services) service.repository.commit({ 'sluice.yaml': withReload })
    const first = await Promise.all(services.map((service) => service.deploy()))
    expect(first.map(({ status }) => status)).toEqual(services.map(() => 'SUCCEEDED'))
    const cases = await Promise.all(
      wanted.map(async ({ point, next }, at): Promise<Case> => {
        const service = services[at]!
        service.repository.commit({ 'version.txt': 'v2\n' })
        points.hold(service.id, point)
        return { service, point, next, id: (await service.start()).id }
      }),
    )
    await Promise.all(cases.map(({ service, point }) => points.reached(service.id, point)))
    const asking = cases.map(({ service }) =>
      keepAsking(sluice, `${service.id}.localhost`, (text) => /^v[123]$/.test(text), 100),
    )
    const frozen = sluice.part('agent')
    process.kill(frozen.pid, 'SIGSTOP')
    const second = await startSecondAgent(sluice)
    try {
      await takeBack(cases)
      for (const { id } of cases) await finished(sluice, id)
      await deployNewer(cases)
      const before = cases.map(({ service, next }) => stateOf(service, next))
      process.kill(frozen.pid, 'SIGCONT')
      for (const { service, point } of cases) points.release(service.id, point)
      await Promise.all(cases.map(({ service, point }) => points.left(service.id, point)))
      // For what it might do after it: an instance that is started, or a job, would need longer to go than to come.
      await new Promise((resolve) => setTimeout(resolve, 4000))
      for (const [at, one] of cases.entries()) {
        await expectUntouched(one)
        expect({ ...one, ...stateOf(one.service, one.next) }).toEqual({ ...one, ...before[at] })
      }
    } finally {
      process.kill(frozen.pid, 'SIGCONT')
      await second.stop()
    }
    for (const [at, one] of asking.entries())
      expect({ ...wanted[at], wrong: (await one.stop()).wrong }).toEqual({ ...wanted[at], wrong: [] })
  },
)

test(
  'an attempt of the reload that wakes up while its release is watched does not restart it',
  { timeout: 200_000 },
  async () => {
    const service = await makeService(sluice, root.directory, 'watched')
    service.repository.commit({ 'sluice.yaml': withReload })
    await service.deploy()
    service.repository.commit({
      'sluice.yaml': withReload.replace('soak: 0', 'soak: 12s'),
      'version.txt': 'v2\n',
    })
    points.hold(service.id, 'before reload')
    const { id } = await service.start()
    await points.reached(service.id, 'before reload')
    const frozen = sluice.part('agent')
    process.kill(frozen.pid, 'SIGSTOP')
    const second = await startSecondAgent(sluice)
    try {
      await deploymentWhen(sluice, id, ({ live }) => live)
      const asking = keepAsking(sluice, 'watched.localhost', (text) => text === 'v2', 100)
      const before = stateOf(service, 'it is live')
      process.kill(frozen.pid, 'SIGCONT')
      points.release(service.id, 'before reload')
      await points.left(service.id, 'before reload')
      expect((await finished(sluice, id)).status).toBe('SUCCEEDED')
      expect(stateOf(service, 'it is live')).toEqual(before)
      expect((await asking.stop()).wrong).toEqual([])
      await expectUntouched({ service, id, point: 'before reload', next: 'it is live' })
    } finally {
      process.kill(frozen.pid, 'SIGCONT')
      await second.stop()
    }
  },
)

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

const liveNumber = (next: string): number =>
  next === 'it is live' ? 2 : next === 'a newer one is live' ? 3 : 1

/** The processes of what is live (a restart would change them), and how often each command ran. */
const stateOf = (service: TestService, next: string) => ({
  processes: processesWith(sluice, `${service.id}/production/${liveNumber(next)}`),
  counts: service.counts(),
})

async function takeBack(cases: Case[]): Promise<void> {
  const client = new Client({ connection })
  for (const { id, next, service } of cases) {
    if (next === 'cancel')
      expect(await sluice.api('POST', `/v1/deployments/${id}/cancel`, {})).toMatchObject({ status: 202 })
    if (next === 'terminate')
      await client.workflow.getHandle(`deploy/${service.id}/production/2`).terminate('operator')
  }
}

async function deployNewer(cases: Case[]): Promise<void> {
  const newer = cases.filter(({ next }) => next === 'a newer one is live')
  const ended = await Promise.all(
    newer.map(({ service }) => {
      service.repository.commit({ 'version.txt': 'v3\n' })
      return service.deploy()
    }),
  )
  expect(ended.map(({ status, number }) => `${number} ${status}`)).toEqual(newer.map(() => '3 SUCCEEDED'))
}

async function expectUntouched({ service, point, next }: Case): Promise<void> {
  const terminated = next === 'terminate' ? [2] : []
  const { live } = await agreement(sluice, connection, service, 'production', { terminated })
  // What was routed when its workflow was terminated has gone live: its lane says so.
  const wanted = next === 'terminate' && point === 'routed' ? 2 : liveNumber(next)
  expect({ point, next, live }).toEqual({ point, next, live: wanted })
  expect(await service.get()).toEqual({ status: 200, text: `v${wanted}` })
}
