import path from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readClaim } from '../../adapters/process/claim.ts'
import { homePaths } from '../../contract/settings.ts'
import { keepAsking, processesWith, remainsOf } from '../e2e/remains.ts'
import { repositoryRoot } from '../e2e/repository.ts'
import { finished, makeService, until, type TestService } from '../e2e/service.ts'
import { startSluice, type Sluice } from '../e2e/sluice.ts'

/** A migration whose end nobody saw is never started a second time, unless its hook or a person has said so. */

const root = repositoryRoot()
let sluice: Sluice
beforeAll(async () => {
  sluice = await startSluice({ env: { SLUICE_SOURCE_ROOTS: root.directory } })
}, 120_000)
afterAll(async () => {
  await sluice?.stop()
  root.remove()
}, 60_000)

const yaml = (migrate: string, more = '') =>
  `start: exec node server.js\nbootTimeout: 5s\n${more}hooks:\n  migrate: ${migrate}\n`
const slow = 'echo migrate >> "$COUNT_FILE"; sleep 60'
/** Slow the first time only. */
const slowOnce = slow.replace('sleep', '[ "$(grep -c migrate "$COUNT_FILE")" -gt 1 ] || sleep')

/** Starts a deployment and answers when its hook is under way, with the process group that it runs in. */
async function migrating(service: TestService, migrate: string) {
  service.repository.commit({ 'sluice.yaml': yaml(migrate), 'version.txt': 'v2\n' })
  const earlier = service.counts()['migrate'] ?? 0
  const { id, number } = await service.start()
  await until(() => service.counts()['migrate'] === earlier + 1)
  const job = path.join(homePaths(sluice.home).jobs, service.id, 'production', String(number), 'migrate')
  const claim = await readClaim(path.join(job, 'claim-1'))
  if (claim.kind !== 'taken') throw new Error(`the job is not claimed: ${claim.kind}`)
  return { id, group: claim.by.pid, earlier }
}

/** The command alone: the wrapper that leads its group stays. */
function killCommand(id: string, group: number): void {
  const pids = processesWith(sluice, `${id.replaceAll('.', '/')}/migrate`).map((line) =>
    Number(/\d+/.exec(line)![0]),
  )
  for (const pid of pids) if (pid !== group) process.kill(pid, 'SIGKILL')
}

const deploy = (service: TestService) =>
  sluice.api('POST', '/v1/deployments', { serviceId: service.id, environment: 'production' })
const stepOf = (deployment: Awaited<ReturnType<typeof finished>>, name: string) =>
  deployment.steps.find((step) => step.name === name)
const unknown = { status: 'FAILED', compensation: 'DONE', failure: { code: 'MigrationOutcomeUnknown' } }

test(
  'kill -9 of the whole hook: unknown, nothing starts until a person answers, and then it is skipped',
  { timeout: 120_000 },
  async () => {
    const service = await makeService(sluice, root.directory, 'group')
    await service.deploy()
    service.repository.commit({ 'version.txt': 'v1b\n' })
    await service.deploy()
    const traffic = keepAsking(sluice, 'group.localhost', (text) => text === 'v1b')
    const { id, group, earlier } = await migrating(service, JSON.stringify(slow))
    process.kill(-group, 'SIGKILL')
    expect(await finished(sluice, id)).toMatchObject(unknown)
    expect(remainsOf(sluice, id)).toEqual([])
    expect((await traffic.stop()).wrong).toEqual([])

    const refused = {
      status: 422,
      body: {
        findings: [{ code: 'MigrationUnresolved', fix: expect.stringContaining(`sluice resolve ${id}`) }],
      },
    }
    expect(await deploy(service)).toMatchObject(refused)
    expect(await sluice.api('POST', `/v1/deployments/${id}/retry`)).toMatchObject(refused)
    // What helps the visitors at once is not refused.
    const back = await sluice.api('POST', '/v1/services/group/environments/production/rollback')
    expect(await finished(sluice, back.body.id)).toMatchObject({ status: 'SUCCEEDED' })

    expect(await sluice.cli('resolve', id)).toMatchObject({ exitCode: 2 })
    expect(await sluice.cli('resolve', id, '--migrated', '--not-migrated')).toMatchObject({ exitCode: 2 })
    expect(await sluice.cli('resolve', id, '--migrated')).toMatchObject({ exitCode: 0 })
    const retry = await sluice.api('POST', `/v1/deployments/${id}/retry`)
    const ended = await finished(sluice, retry.body.id)
    expect(ended).toMatchObject({ status: 'SUCCEEDED', live: true })
    expect(stepOf(ended, 'migrate')).toMatchObject({
      status: 'SKIPPED',
      detail: 'already migrated, as resolved by api',
    })
    expect(service.counts()['migrate']).toBe(earlier + 1)
    // Another commit has another migration.
    service.repository.commit({ 'sluice.yaml': yaml('sh step.sh migrate'), 'version.txt': 'v3\n' })
    expect(await service.deploy()).toMatchObject({ status: 'SUCCEEDED' })
    expect(service.counts()['migrate']).toBe(earlier + 2)
    const late = await sluice.api('POST', `/v1/deployments/${id}/resolve`, { migration: 'not-migrated' })
    expect(late).toMatchObject({ status: 409, body: { code: 'AlreadyResolved' } })
  },
)

test(
  'killed with the agent, or without its wrapper, or cut off with its workflow: unknown, and run again once a person says so',
  { timeout: 120_000 },
  async () => {
    const names = ['agent', 'command', 'terminated'] as const
    const held = await Promise.all(
      names.map(async (name) => {
        const service = await makeService(sluice, root.directory, `lost-${name}`)
        return { name, service, ...(await migrating(service, JSON.stringify(slowOnce))) }
      }),
    )
    const [agent, command, terminated] = held as [(typeof held)[0], (typeof held)[0], (typeof held)[0]]
    sluice.killPart('agent', 'SIGKILL')
    process.kill(-agent.group, 'SIGKILL')
    killCommand(command.id, command.group)
    const connection = await Connection.connect({ address: sluice.temporalAddress })
    await new Client({ connection }).workflow
      .getHandle(`deploy/${terminated.id.replaceAll('.', '/')}`)
      .terminate()
    await connection.close()
    await Promise.all(
      held.map(async ({ name, service, id }) => {
        expect({ name, ...(await finished(sluice, id)) }).toMatchObject({ name, ...unknown })
        expect({ name, ...service.counts() }).toMatchObject({ name, migrate: 1 })
        const answer = { migration: 'not-migrated' }
        const resolved = await sluice.api('POST', `/v1/deployments/${id}/resolve`, answer)
        expect(resolved).toMatchObject({
          status: 200,
          body: { migrationResolved: { answer: 'not-migrated', by: 'api', at: expect.any(String) } },
        })
        const retry = await sluice.api('POST', `/v1/deployments/${id}/retry`)
        expect(await finished(sluice, retry.body.id)).toMatchObject({ status: 'SUCCEEDED' })
        expect({ name, ...service.counts() }).toMatchObject({ name, migrate: 2 })
      }),
    )
  },
)

test.concurrent.each([
  ['is repeatable', 'repeat', 'repeatable: true', 2, 'SUCCEEDED'],
  ['has a check that finds it applied', 'applied', 'check: grep -q migrate "$COUNT_FILE"', 1, 'SUCCEEDED'],
  ['has a check that does not find it', 'absent', 'check: exit 1', 2, 'SUCCEEDED'],
  ['has a check that cannot run', 'broken', 'check: no-such-program', 1, 'FAILED'],
] as const)(
  'a lost hook that %s decides by itself',
  { timeout: 60_000 },
  async (_, kind, says, runs, status) => {
    const service = await makeService(sluice, root.directory, `self-${kind}`)
    const { id, group } = await migrating(service, `\n    run: ${JSON.stringify(slowOnce)}\n    ${says}`)
    process.kill(-group, 'SIGKILL')
    const ended = await finished(sluice, id)
    expect({ status: ended.status, code: ended.failure?.code }).toEqual({
      status,
      code: status === 'FAILED' ? 'MigrationOutcomeUnknown' : undefined,
    })
    expect(service.counts()['migrate']).toBe(runs)
  },
)

test('a migration that hangs is ended with all that it started', { timeout: 60_000 }, async () => {
  const service = await makeService(sluice, root.directory, 'hangs')
  await service.deploy()
  const traffic = keepAsking(sluice, 'hangs.localhost', (text) => text === 'v1')
  // Deaf to SIGTERM, with a child in a session of its own.
  const hook = `trap "" TERM; setsid sh -c "trap : TERM; while :; do sleep 1; done" & while :; do sleep 1; done`
  service.repository.commit({
    'sluice.yaml': yaml(JSON.stringify(hook), 'hookTimeout: 1s\n'),
    'version.txt': 'v2\n',
  })
  const { id } = await service.deploy()
  expect(await finished(sluice, id)).toMatchObject({
    status: 'FAILED',
    compensation: 'DONE',
    failure: { step: 'migrate', code: 'MigrationTimedOut', message: expect.stringContaining('1 s') },
  })
  expect(remainsOf(sluice, id)).toEqual([])
  expect((await traffic.stop()).wrong).toEqual([])
  expect(await service.get()).toEqual({ status: 200, text: 'v1' })
})
