import { Connection } from '@temporalio/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepAsking, remainsOf } from '../e2e/remains.ts'
import { repositoryRoot } from '../e2e/repository.ts'
import { finished, makeService } from '../e2e/service.ts'
import type { Sluice } from '../e2e/sluice.ts'
import { agreement } from './agreement.ts'
import { startPatient } from './patient.ts'
import { crashPoints, fewStepPoints, isThorough, stepPoints } from './points.ts'

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

const instant = 'start: exec node server.js\nhealth:\n  path: /\ndrain: 1s\nsoak: 0\n'

/** Each takes a second or two, one after the other. */
const many = isThorough ? 50 : 6

test(
  `${many} deployments posted at once: each number once, one at a time, the newest is live`,
  { timeout: 600_000 },
  async () => {
    const service = await makeService(sluice, root.directory, 'many')
    service.repository.commit({ 'sluice.yaml': instant })
    const started = await Promise.all(Array.from({ length: many }, () => service.start()))
    const ended = await Promise.all(started.map(({ id }) => finished(sluice, id)))
    const inOrder = ended.toSorted((a, b) => a.number - b.number)
    expect(inOrder.map(({ number, status }) => `${number} ${status}`)).toEqual(
      started.map((_, at) => `${at + 1} SUCCEEDED`),
    )
    for (const [at, one] of inOrder.slice(1).entries())
      expect(Date.parse(one.startedAt!)).toBeGreaterThanOrEqual(Date.parse(inOrder[at]!.finishedAt!))
    expect((await agreement(sluice, connection, service)).live).toBe(started.length)
  },
)

test('rollbacks race deploys: one release is live, and the log agrees', { timeout: 300_000 }, async () => {
  const service = await makeService(sluice, root.directory, 'back')
  service.repository.commit({ 'sluice.yaml': instant })
  for (const version of ['v1', 'v2']) {
    service.repository.commit({ 'version.txt': `${version}\n` })
    await service.deploy()
  }
  service.repository.commit({ 'version.txt': 'v3\n' })
  const asking = keepAsking(sluice, 'back.localhost', (text) => /^v[123]$/.test(text))
  const rollBack = async () => {
    const answer = await sluice.api('POST', '/v1/services/back/environments/production/rollback', {
      releaseId: 'back.production.r1',
    })
    expect(answer.status).toBe(202)
    return answer.body as { id: string }
  }
  const started = await Promise.all([
    service.start(),
    rollBack(),
    service.start(),
    rollBack(),
    service.start(),
  ])
  const ended = await Promise.all(started.map(({ id }) => finished(sluice, id)))
  expect(ended.map(({ status }) => status)).toEqual(ended.map(() => 'SUCCEEDED'))
  expect((await asking.stop()).wrong).toEqual([])
  const { live, deployments } = await agreement(sluice, connection, service)
  const last = deployments.at(-1)!
  expect(live).toBe(last.number)
  expect(await service.get()).toEqual({ status: 200, text: last.trigger === 'rollback' ? 'v1' : 'v3' })
  // The log: the last that went live is the one that is.
  const wentLive = await Promise.all(
    deployments.map(async ({ id, number }) => {
      const events = await sluice.ndjson(`/v1/deployments/${id}/events`)
      return { number, live: events.filter(({ type }) => type === 'live').length }
    }),
  )
  expect(wentLive).toEqual(deployments.map(({ number }) => ({ number, live: 1 })))
})

/** Once the switch has begun a cancel is refused. */
const beforeSwitch = (isThorough ? stepPoints : fewStepPoints).filter(
  (point, _, all) => all.indexOf(point) < all.findIndex((one) => /switch|noted/.test(one)),
)

test('a cancel at every point of a deployment leaves nothing behind', { timeout: 600_000 }, async () => {
  const services = await Promise.all(
    beforeSwitch.map((_, at) => makeService(sluice, root.directory, `c${at}`)),
  )
  for (const service of services) {
    // A step without a command is not run, and nobody would ever come to its points.
    const files = `install: "true"\nbuild: "true"\n${instant}hooks:\n  migrate: "true"\n  reload: "true"\n`
    service.repository.commit({ 'sluice.yaml': files })
  }
  const first = await Promise.all(services.map((service) => service.deploy()))
  expect(first.map(({ status }) => status)).toEqual(services.map(() => 'SUCCEEDED'))
  const started = await Promise.all(
    services.map((service, at) => {
      points.hold(service.id, beforeSwitch[at]!)
      return service.start()
    }),
  )
  await Promise.all(services.map(({ id }, at) => points.reached(id, beforeSwitch[at]!)))
  const asked = await Promise.all(
    started.map(({ id }) => sluice.api('POST', `/v1/deployments/${id}/cancel`, {})),
  )
  expect(asked.map(({ status }) => status)).toEqual(started.map(() => 202))
  for (const [at, service] of services.entries()) points.release(service.id, beforeSwitch[at]!)
  for (const [at, { id }] of started.entries()) {
    const { status } = await finished(sluice, id)
    expect({ point: beforeSwitch[at], status }).toEqual({ point: beforeSwitch[at], status: 'CANCELED' })
    const agreed = await agreement(sluice, connection, services[at]!)
    expect({ point: beforeSwitch[at], live: agreed.live }).toEqual({ point: beforeSwitch[at], live: 1 })
    expect(remainsOf(sluice, id)).toEqual([])
  }
})
