import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readRecord } from '../../stack/run-record.ts'
import { processesWith } from './remains.ts'
import { repositoryRoot } from './repository.ts'
import { finished, inStep, makeService, until } from './service.ts'
import { startSluice, type Sluice } from './sluice.ts'

const root = repositoryRoot()
let sluice: Sluice
beforeAll(async () => {
  sluice = await startSluice({ env: { SLUICE_SOURCE_ROOTS: root.directory } })
}, 120_000)
afterAll(async () => {
  await sluice?.stop()
  root.remove()
}, 60_000)

/** Says which start it is, and needs its variable. */
const counting = `import { appendFileSync } from 'node:fs'
import http from 'node:http'
appendFileSync(process.env.COUNT_FILE, process.env.SLUICE_INSTANCE + '\\n')
http.createServer((q, r) => r.end(process.env.GREETING)).listen(Number(process.env.PORT), '127.0.0.1')
`
const secret = 'hello-from-before-the-reboot'

test(
  'after a reboot services answer before the database does, each started once; a deploy under way goes on',
  { timeout: 180_000 },
  async () => {
    const services = await Promise.all(
      ['one', 'two'].map(async (id) => {
        const service = await makeService(sluice, root.directory, id, { variables: { GREETING: secret } })
        service.repository.commit({ 'server.js': counting })
        expect(await service.deploy()).toMatchObject({ status: 'SUCCEEDED' })
        expect(await service.deploy()).toMatchObject({ status: 'SUCCEEDED' })
        return service
      }),
    )
    const building = await makeService(sluice, root.directory, 'three', { variables: { HOLD_build: '4' } })
    const { id } = await building.start()
    await inStep(sluice, id, 'build')
    const { newBoot } = await sluice.cutPower()
    expect(processesWith(sluice, 'one/production/2')).toEqual([])

    const since = performance.now()
    const elapsed = () => `${Math.round(performance.now() - since)} ms`
    const starting = sluice.startAgain()
    // However long it takes to recover: as long as this test says.
    await until(() => readRecord(sluice.home, 'postgres') !== undefined)
    const { pid } = readRecord(sluice.home, 'postgres')!
    process.kill(pid, 'SIGSTOP')
    const isReady = async () => (await sluice.api('GET', '/readyz').catch(() => undefined))?.status === 200
    for (const service of services)
      await until(async () => (await service.get().catch(() => undefined))?.text === secret)
    const times = [`services after ${elapsed()}`]
    expect(await isReady()).toBe(false)
    process.kill(pid, 'SIGCONT')
    await until(isReady)
    await starting
    times.push(`control plane after ${elapsed()}`)
    process.stderr.write(`reboot (new boot id: ${newBoot}): ${times.join(', ')}\n`)
    expect(await finished(sluice, id)).toMatchObject({ status: 'SUCCEEDED' })
    // Long enough for whoever might start one a second time.
    await sleep(1500)
    for (const service of services) {
      const counts = service.counts()
      expect(counts[`${service.id}/production/1`]).toBe(1)
      expect(counts[`${service.id}/production/2`]).toBe(2)
      expect(processesWith(sluice, `${service.id}/production/1`)).toEqual([])
    }
  },
)
