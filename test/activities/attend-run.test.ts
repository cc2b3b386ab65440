import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { attendRun, beginRun } from '../../activities/attend-run.ts'
import { removeEnvironment } from '../../activities/remove-environment.ts'
import { nativeBuilder } from '../../adapters/builder/native/index.ts'
import { detachedJobs } from '../../adapters/jobs/detached/index.ts'
import { entriesAt } from '../../adapters/files/entries-at.ts'
import { folderReleases } from '../../adapters/releases/folders/index.ts'
import { keyFileSecrets } from '../../adapters/secrets/key-file/index.ts'
import { postgresStore } from '../../adapters/store/postgres/index.ts'
import { releaseId, runContext } from '../../contract/names.ts'
import type { Store } from '../../ports/store.ts'
import { createDatabase, startPostgres, type TestPostgres } from '../postgres.ts'
import { survivors, testHost } from '../process/host.ts'
import { addShop, newDeployment } from '../store/shop.ts'
import { activity, inputOf, planOf } from './attempt.ts'

// Real processes and a database: patience costs nothing where it is not needed.
vi.setConfig({ testTimeout: 60_000 })

let postgres: TestPostgres
let store: Store
beforeAll(async () => {
  postgres = await startPostgres()
  store = await postgresStore({ databaseUrl: await createDatabase(postgres.url) })
})
afterAll(async () => {
  await store?.close()
  await postgres?.stop()
})

/** A run that has been taken up, on a host of its own where its release is. */
async function takenUp(serviceId: string, command: string) {
  const { home, folder, users, atEnd } = await testHost()
  const jobs = detachedJobs({ directory: path.join(home, 'jobs'), users })
  atEnd(() => jobs.discard(serviceId))
  const releases = await folderReleases({ directory: path.join(home, 'environments'), users })
  const secrets = await keyFileSecrets(path.join(home, 'keys.json'))
  const [caches, toolsDirectory] = [path.join(home, 'caches'), path.join(home, 'tools')]
  const logs = store.runs.output
  const runner = nativeBuilder({ jobs, releases, logs, secrets, caches, users, toolsDirectory })
  const { deploymentId } = inputOf(serviceId, 1)
  const release = { serviceId, environment: 'production', number: 1, deploymentId }
  await addShop(store, serviceId)
  await store.deployments.recordQueued(newDeployment(1, { serviceId }))
  await (await releases.stage(inputOf(serviceId, 1))).publish('source', {})
  const ofRelease = { ...release, releaseId: releaseId(serviceId, 'production', 1) }
  await store.releases.record({
    ...ofRelease,
    ...{ commitSha: 'a'.repeat(40), commitMessage: 'first', plan: planOf(), sealedVariables: [] },
  })
  const id = `run_${serviceId}`
  const whole = `echo ran >>${folder}/ran; ${command}`
  await store.runs.create({
    ...{
      id,
      ...ofRelease,
      releaseNumber: 1,
      host: 'local',
      kind: 'run',
      cronName: null,
      requestedBy: 'test',
    },
    ...{ command, sealedCommand: secrets.seal(whole, runContext(serviceId, id)) },
  })
  const input = { runId: id, host: 'local' }
  await activity().run(beginRun({ store }), input)
  const ports = { runner, store, secrets, releases, jobs }
  return {
    ...{ ...ports, id, home },
    attempt: (changes: Partial<typeof ports> = {}) =>
      activity().run(attendRun({ ...ports, ...changes }), input) as Promise<void>,
    ran: () => (existsSync(`${folder}/ran`) ? readFileSync(`${folder}/ran`, 'utf8') : ''),
    jobsLeft: () => entriesAt(path.join(home, 'jobs'), 4),
  }
}

/** Removes the environment. Its only instance is told to end when this resolves, and has ended when `ended` is called. */
async function removalOf(serviceId: string, ports: Pick<RemovalPorts, 'jobs' | 'releases'>) {
  const told = Promise.withResolvers<void>()
  const { promise, resolve: ended } = Promise.withResolvers<void>()
  const stop = () => {
    told.resolve()
    return promise
  }
  const router = { remove: async () => {}, drain: async () => {} } as unknown as RemovalPorts['router']
  const list = async () => [{ id: `${serviceId}/production/1` }]
  const runtime = { list, stop } as unknown as RemovalPorts['runtime']
  const input = { serviceId, environment: 'production', number: 1, host: 'local' }
  const removed = activity().run(removeEnvironment({ ...ports, router, runtime }), input)
  await Promise.race([told.promise, removed])
  return { ended, removed }
}
type RemovalPorts = Parameters<typeof removeEnvironment>[0]

test('a run ends for good when its environment is removed, whoever attends to it next', async () => {
  const run = await takenUp('removed', 'sleep 50')
  const attending = run.attempt()
  await expect.poll(run.ran).toBe('ran\n')
  const { ended, removed } = await removalOf('removed', run)
  await attending
  expect(await store.runs.find(run.id)).toMatchObject({ status: 'CANCELED', exitCode: null })
  // As after a kill of the agent that came before the row was written.
  const running = { ...(await store.runs.find(run.id))!, status: 'RUNNING' as const }
  await run.attempt({ store: { ...store, runs: { ...store.runs, find: async () => running } } })
  ended()
  await removed
  expect(run.ran()).toBe('ran\n')
  expect(await run.jobsLeft()).toEqual([])
  expect(readdirSync(path.join(run.home, 'jobs/.closed/removed/production'))).toEqual([])
})

test('one that begins while its environment is being removed is ended too', async () => {
  const run = await takenUp('begun', 'sleep 50')
  const { ended, removed } = await removalOf('begun', run)
  const attending = run.attempt()
  await expect.poll(run.ran).toBe('ran\n')
  ended()
  await removed
  await attending
  expect(survivors(run.home)).toEqual([])
  expect(await store.runs.find(run.id)).toMatchObject({ status: 'CANCELED' })
  expect(run.ran()).toBe('ran\n')
})

test('an attempt that wakes after another one has finished the run starts nothing', async () => {
  const run = await takenUp('late', 'exit 3')
  const frozen = Promise.withResolvers<void>()
  const find = async (id: string) => {
    const row = await store.runs.find(id)
    await frozen.promise
    return row
  }
  const late = run.attempt({ store: { ...store, runs: { ...store.runs, find } } })
  await run.attempt()
  frozen.resolve()
  await late
  expect(run.ran()).toBe('ran\n')
  expect(await run.jobsLeft()).toEqual([])
  expect(await store.runs.find(run.id)).toMatchObject({ status: 'FAILED', exitCode: 3 })
})
