import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { migrateDatabase } from '../../activities/migrate-database.ts'
import { nativeBuilder } from '../../adapters/builder/native/index.ts'
import { detachedJobs } from '../../adapters/jobs/detached/index.ts'
import { readClaim } from '../../adapters/process/claim.ts'
import { childrenOf } from '../../adapters/process/process-table.ts'
import { folderReleases } from '../../adapters/releases/folders/index.ts'
import { keyFileSecrets } from '../../adapters/secrets/key-file/index.ts'
import { postgresStore } from '../../adapters/store/postgres/index.ts'
import { releaseId } from '../../contract/names.ts'
import type { Store } from '../../ports/store.ts'
import { createDatabase, startPostgres, type TestPostgres } from '../postgres.ts'
import { testHost } from '../process/host.ts'
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

/** A hook that hangs the first time only, so that a second run would show, on a host of its own. */
async function migrating(serviceId: string) {
  const { home, users, atEnd } = await testHost()
  const jobs = detachedJobs({ directory: path.join(home, 'jobs'), users })
  atEnd(() => jobs.discard(serviceId))
  const releases = await folderReleases({ directory: path.join(home, 'environments'), users })
  const secrets = await keyFileSecrets(path.join(home, 'keys.json'))
  const [caches, toolsDirectory] = [path.join(home, 'caches'), path.join(home, 'tools')]
  const builder = nativeBuilder({ jobs, releases, logs: store.logs, secrets, caches, users, toolsDirectory })
  const input = inputOf(serviceId, 1)
  await addShop(store, serviceId)
  await store.deployments.recordQueued(newDeployment(1, { serviceId }))
  await store.deployments.started(input.deploymentId, { runId: 'run', at: new Date() })
  await (await releases.stage(input)).publish('source', {})
  const command = 'echo ran >>ran; [ "$(grep -c ran ran)" -gt 1 ] || sleep 50'
  await store.releases.record({
    releaseId: releaseId(serviceId, 'production', 1),
    deploymentId: input.deploymentId,
    serviceId,
    environment: 'production',
    number: 1,
    commitSha: 'a'.repeat(40),
    commitMessage: 'first',
    plan: planOf({ migrate: { command, reason: '' } }),
    sealedVariables: [],
  })
  const file = path.join(releases.directory(input), 'ran')
  const runs = () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').length : 0)
  const ending = activity()
    .run(migrateDatabase({ builder, store, secrets, releases }), input)
    .then(
      () => 'migrated',
      (error: Error & { type?: string }) => error.type,
    )
  await expect.poll(runs, { timeout: 30_000 }).toBe(1)
  const claim = await readClaim(path.join(home, 'jobs', serviceId, 'production/1/migrate/claim-1'))
  if (claim.kind !== 'taken') throw new Error(`the job is not claimed: ${claim.kind}`)
  return { wrapper: claim.by.pid, runs, ending }
}

test('a hook that vanished with its shell is of unknown outcome, and not run again', async () => {
  const { wrapper, runs, ending } = await migrating('vanished')
  process.kill(-wrapper, 'SIGKILL')
  expect(await ending).toBe('MigrationOutcomeUnknown')
  expect(runs()).toBe(1)
})

test('one whose command somebody killed is no failed one: nobody knows what it has done by then', async () => {
  const { wrapper, runs, ending } = await migrating('killed')
  const command = childrenOf(wrapper)[0]!
  process.kill(command, 'SIGKILL')
  expect(await ending).toBe('MigrationOutcomeUnknown')
  expect(runs()).toBe(1)
})
