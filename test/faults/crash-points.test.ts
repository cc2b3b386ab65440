import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepAsking, processesWith, remainsOf } from '../e2e/remains.ts'
import { repositoryRoot } from '../e2e/repository.ts'
import { finished, makeService } from '../e2e/service.ts'
import { startSluice, type Sluice } from '../e2e/sluice.ts'

/** The agent is killed with SIGKILL at each of these, each in a deployment of its own, side by side. */
const inSteps = [
  'exported',
  'after fetch',
  'before install',
  'after build',
  'booted',
  'before migrate',
  'after migrate',
  'routed',
  'pointed',
  'drained',
]
const inUndos = ['jobs discarded', 'release discarded', 'after stop']

const root = repositoryRoot()
const points = path.join(root.directory, 'crash-points')
mkdirSync(points)
let sluice: Sluice
beforeAll(async () => {
  sluice = await startSluice({ env: { SLUICE_SOURCE_ROOTS: root.directory, SLUICE_CRASH_POINTS: points } })
}, 120_000)
afterAll(async () => {
  await sluice?.stop()
  root.remove()
}, 60_000)

const arm = (serviceId: string, point: string) =>
  writeFileSync(path.join(points, `${serviceId}@${point}`), '')

/** A service whose v1 is live, one for each point. */
async function liveServices(prefix: string, names: string[]) {
  const services = await Promise.all(
    names.map((_, at) => makeService(sluice, root.directory, `${prefix}${at}`)),
  )
  for (const service of services) expect(await service.deploy()).toMatchObject({ status: 'SUCCEEDED' })
  return services
}

test(
  'a kill at any point of a deployment: it goes on, each command ran once, one release is live',
  { timeout: 400_000 },
  async () => {
    const names = inSteps
    const services = await liveServices('p', names)
    const traffic = services.map(({ id }) =>
      keepAsking(sluice, `${id}.localhost`, (text) => text === 'v1' || text === 'v2', 200),
    )
    const started = await Promise.all(
      services.map((service, at) => {
        service.repository.commit({ 'version.txt': 'v2\n' })
        arm(service.id, names[at]!)
        return service.start()
      }),
    )
    for (const [at, service] of services.entries()) {
      const ended = await finished(sluice, started[at]!.id)
      expect({ point: names[at], status: ended.status, live: ended.live }).toEqual({
        point: names[at],
        status: 'SUCCEEDED',
        live: true,
      })
      expect({ point: names[at], ...service.counts() }).toEqual({
        point: names[at],
        install: 2,
        build: 2,
        migrate: 2,
      })
      expect(await service.get()).toEqual({ status: 200, text: 'v2' })
      expect(processesWith(`${service.id}/production/1`)).toEqual([])
    }
    // Every point was met.
    expect(readdirSync(points)).toEqual([])
    for (const one of traffic) expect((await one.stop()).wrong).toEqual([])
  },
)

test('a kill at any point of an undo: it is completed, and v1 goes on', { timeout: 200_000 }, async () => {
  const services = await liveServices('u', inUndos)
  const started = await Promise.all(
    services.map((service, at) => {
      service.repository.commit({ 'sluice.yaml': 'start: exec node server.js\nhooks:\n  migrate: exit 1\n' })
      arm(service.id, inUndos[at]!)
      return service.start()
    }),
  )
  for (const [at, service] of services.entries()) {
    const { id } = started[at]!
    expect(await finished(sluice, id)).toMatchObject({
      status: 'FAILED',
      compensation: 'DONE',
      failure: { code: 'MigrationFailed' },
    })
    expect(remainsOf(sluice, id)).toEqual([])
    expect(await service.get()).toEqual({ status: 200, text: 'v1' })
  }
  expect(readdirSync(points)).toEqual([])
})
