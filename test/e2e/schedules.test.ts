import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Deployment } from '../../contract/deployment.ts'
import type { Schedule } from '../../contract/schedule.ts'
import { expectStatus, finished, makeService, until } from './service.ts'
import type { Sluice } from './sluice.ts'
import { useSluice } from './use-sluice.ts'

let sluice: Sluice
const root = useSluice((started) => (sluice = started))

const minute = 60_000

test('a cron and a single schedule fire once each through kill -9 of worker and server, before their time and in it', async () => {
  const recurring = await makeService(sluice, root.directory, 'recurring')
  await recurring.environment('paused')
  await makeService(sluice, root.directory, 'single')
  const schedules = (service: string, environment = 'production') =>
    `/v1/services/${service}/environments/${environment}/schedules`
  const create = (path: string, schedule: object) =>
    expectStatus(sluice.api('POST', path, { name: 'due', ...schedule }), 201)
  const lastRun = async (path: string) =>
    // Nobody answers while the server starts again.
    (await sluice.api<Schedule>('GET', `${path}/due`).catch(() => undefined))?.body.lastRun ?? null
  const kill = async () => {
    const parts = ['worker', 'server'] as const
    const killed = parts.map((part) => [part, sluice.killPart(part, 'SIGKILL')] as const)
    for (const [part, before] of killed) await sluice.waitForPart(part, before)
  }

  // Cron knows minutes only: the next one that leaves time to set all this up.
  const due = new Date(Math.ceil((Date.now() + 5_000) / minute) * minute)
  const cron = `${due.getUTCMinutes()} ${due.getUTCHours()} * * *`
  await create(schedules('recurring'), { cron })
  await create(schedules('recurring', 'paused'), { cron })
  await expectStatus(sluice.api('POST', `${schedules('recurring', 'paused')}/due/pause`), 200)
  await sleep(due.getTime() - Date.now() - 2_000)
  await create(schedules('single'), { at: new Date(Date.now() + 3_000).toISOString() })
  await kill()
  await until(async () => (await lastRun(schedules('recurring'))) !== null)
  await kill()

  for (const service of ['recurring', 'single']) {
    const id = `${service}.production.1`
    await until(async () => (await lastRun(schedules(service))) !== null)
    expect(await lastRun(schedules(service))).toMatchObject({ deploymentId: id, note: null })
    const ended = await finished(sluice, id)
    expect(ended, JSON.stringify(ended.failure)).toMatchObject({ status: 'SUCCEEDED', trigger: 'schedule' })
  }
  expect(await lastRun(schedules('recurring', 'paused'))).toBeNull()
  const { data } = (await expectStatus(sluice.api('GET', '/v1/deployments'), 200)) as { data: Deployment[] }
  expect(data.map(({ id }) => id).toSorted()).toEqual(['recurring.production.1', 'single.production.1'])
}, 180_000)
