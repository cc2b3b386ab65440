import { expect, test } from 'vitest'
import { isThorough } from '../faults/points.ts'
import { keepAsking, processesWith } from './remains.ts'
import { finished, inStep, makeService } from './service.ts'
import type { Sluice } from './sluice.ts'
import { useSluice } from './use-sluice.ts'

let sluice: Sluice
const root = useSluice((started) => {
  sluice = started
})

test.each(['worker', 'agent'] as const)(
  'kill -9 of the %s in the middle of install, build and migrate: the deploys go on, each command ran once',
  { timeout: 120_000 },
  async (part) => {
    // Side by side, so that one kill meets all three.
    const held = await Promise.all(
      ['install', 'build', 'migrate'].map(async (step) => {
        const service = await makeService(sluice, root.directory, `${part}-${step}`, {
          variables: { [`HOLD_${step}`]: '6' },
        })
        const { id } = await service.start()
        return { service, id, step }
      }),
    )
    await Promise.all(held.map(({ id, step }) => inStep(sluice, id, step)))
    const before = sluice.part(part).pid
    sluice.killPart(part, 'SIGKILL')
    for (const { service, id } of held) {
      expect(await finished(sluice, id)).toMatchObject({ status: 'SUCCEEDED', live: true })
      expect(service.counts()).toEqual({ install: 1, build: 1, migrate: 1 })
      expect(await service.get()).toEqual({ status: 200, text: 'v1' })
    }
    expect(sluice.part(part).pid).not.toBe(before)
  },
)

test('who deploys right after the worker was killed does not notice', { timeout: 60_000 }, async () => {
  const service = await makeService(sluice, root.directory, 'unnoticed')
  for (const number of [1, 2]) {
    // First without a lane, then with one that the dead worker had in hand.
    const before = sluice.killPart('worker', 'SIGKILL')
    const { id } = await service.start()
    expect(await finished(sluice, id)).toMatchObject({ status: 'SUCCEEDED', number })
    await sluice.waitForPart('worker', before)
  }
})

test(
  'a service that crashes is started again, and outlives a kill of the agent and of the server',
  { timeout: 60_000 },
  async () => {
    const service = await makeService(sluice, root.directory, 'phoenix')
    service.repository.commit({
      'server.js': `import http from 'node:http'
      http.createServer((q, r) => { if (q.url === '/die') process.exit(1); r.end('v1') }).listen(process.env.PORT)\n`,
    })
    await service.deploy()
    await service.get('/die').catch(() => {})
    await expect
      .poll(() => service.get().catch(() => undefined), { timeout: 10_000 })
      .toEqual({ status: 200, text: 'v1' })
    const traffic = keepAsking(sluice, 'phoenix.localhost', (text) => text === 'v1')
    for (const part of ['agent', 'worker', 'server'] as const) {
      const before = sluice.killPart(part, 'SIGKILL')
      await sluice.waitForPart(part, before)
    }
    await expect
      .poll(() => sluice.api('GET', '/readyz').catch(() => undefined), { timeout: 20_000 })
      .toMatchObject({ status: 200 })
    expect((await traffic.stop()).wrong).toEqual([])
  },
)

// test/e2e/up.test.ts asks for the same of a site without load.
test.runIf(isThorough)(
  'stopping `up` leaves the site serving, and the next `up` adopts it',
  { timeout: 90_000 },
  async () => {
    const service = await makeService(sluice, root.directory, 'adopted')
    await service.deploy()
    const traffic = keepAsking(sluice, 'adopted.localhost', (text) => text === 'v1')
    sluice.killPart('up', 'SIGKILL')
    await sluice.startAgain()
    await sluice.stopUp()
    await sluice.startAgain()
    expect((await traffic.stop()).wrong).toEqual([])
    service.repository.commit({ 'version.txt': 'v2\n' })
    expect(await service.deploy()).toMatchObject({ status: 'SUCCEEDED', number: 2 })
    expect(await service.get()).toEqual({ status: 200, text: 'v2' })
  },
)

test(
  '`sluice down` ends everything, and the next `up` brings back what was live',
  { timeout: 90_000 },
  async () => {
    const service = await makeService(sluice, root.directory, 'returns')
    await service.deploy()
    service.repository.commit({ 'version.txt': 'v2\n' })
    await service.deploy()
    expect(await sluice.cli('down')).toMatchObject({ exitCode: 0 })
    expect(processesWith(sluice, 'returns/production/2')).toEqual([])
    await sluice.startAgain()
    await expect
      .poll(() => service.get().catch(() => undefined), { timeout: 20_000 })
      .toEqual({ status: 200, text: 'v2' })
    expect(processesWith(sluice, 'returns/production/1')).toEqual([])
  },
)
