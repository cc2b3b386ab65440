import { expect, test } from 'vitest'
import { createDatabase, startPostgres } from '../postgres.ts'
import { keepAsking, remainsOf } from './remains.ts'
import { finished, inStep, makeService, type TestService } from './service.ts'
import type { Sluice } from './sluice.ts'
import { useSluice } from './use-sluice.ts'

/** Each way to fail leaves the live version answering, says what was wrong, and leaves nothing behind. */

let sluice: Sluice
const root = useSluice((started) => {
  sluice = started
})

const listen = (port: string) =>
  `import http from 'node:http'\nhttp.createServer((q, r) => r.end('v2')).listen(${port}, '127.0.0.1')\n`
const yaml = (change: string) =>
  `start: exec node server.js\nhealth:\n  path: /healthz\nbootTimeout: 2s\n${change}`

const ways: [name: string, files: Record<string, string>, step: string, code: string, says: RegExp][] = [
  [
    'a dependency that cannot be installed',
    {
      'package.json': '{ "name": "tiny", "type": "module", "dependencies": { "gone": "file:./gone.tgz" } }',
      'sluice.yaml': yaml(''),
    },
    'install',
    'InstallFailed',
    /gone\.tgz/,
  ],
  [
    'a build that exits 1',
    { 'sluice.yaml': yaml('build: "echo no such module >&2; exit 1"\n') },
    'build',
    'BuildFailed',
    /exit status 1.*no such module/s,
  ],
  [
    'a service that never listens',
    { 'server.js': 'setInterval(() => {}, 1000)\n', 'sluice.yaml': yaml('') },
    'validate',
    'NeverListened',
    /PORT/,
  ],
  [
    'a service that listens on another port',
    { 'server.js': listen('39217'), 'sluice.yaml': yaml('') },
    'validate',
    'WrongPort',
    /39217/,
  ],
  [
    'a health path that answers 500',
    {
      'server.js': `import http from 'node:http'\nhttp.createServer((q, r) => { r.statusCode = 500; r.end() }).listen(process.env.PORT)\n`,
      'sluice.yaml': yaml(''),
    },
    'validate',
    'Unhealthy',
    /\/healthz answered 500/,
  ],
  [
    'a service that crashes right after boot',
    {
      'server.js': `${listen('process.env.PORT')}setTimeout(() => { console.error('out of luck'); process.exit(3) }, 50)\n`,
    },
    'validate',
    'ExitedAtBoot',
    /status 3.*out of luck/s,
  ],
  [
    'a migration that fails',
    { 'sluice.yaml': yaml('hooks:\n  migrate: "echo relation exists >&2; exit 2"\n') },
    'migrate',
    'MigrationFailed',
    /exit status 2.*relation exists/s,
  ],
  [
    'a sluice.yaml that is wrong',
    { 'sluice.yaml': 'strat: node server.js\n' },
    'fetch',
    'ConfigInvalid',
    /strat/,
  ],
]

test.each(ways)('%s', { timeout: 60_000 }, async (name, files, step, code, says) => {
  const service = await liveService(`f${ways.findIndex(([one]) => one === name)}`)
  const traffic = keepAsking(sluice, `${service.id}.localhost`, (text) => text === 'v1')
  service.repository.commit({ ...files, 'version.txt': 'v2\n' })
  await expectFailure(service, (await service.deploy()).id, step, code, says)
  expect((await traffic.stop()).wrong).toEqual([])
  expect(await service.get()).toEqual({ status: 200, text: 'v1' })
})

test('a database that goes away before the new release is checked', { timeout: 90_000 }, async () => {
  const postgres = await startPostgres()
  const service = await liveService('nodb')
  const variables = {
    COUNT_FILE: '/dev/null',
    HOLD_build: '3',
    DATABASE_URL: await createDatabase(postgres.url),
  }
  await service.environment('production', { variables })
  const traffic = keepAsking(sluice, 'nodb.localhost', (text) => text === 'v1')
  const { id } = await service.start()
  await inStep(sluice, id, 'build')
  await postgres.stop()
  await finished(sluice, id)
  await expectFailure(service, id, 'validate', 'DatabaseUnreachable', /DATABASE_URL/)
  expect((await traffic.stop()).wrong).toEqual([])

  const refused = await sluice.api('POST', '/v1/deployments', {
    serviceId: 'nodb',
    environment: 'production',
  })
  expect(refused).toMatchObject({ status: 422, body: { code: 'PreflightFailed' } })
  expect(JSON.stringify(refused.body)).toMatch(/DatabaseUnreachable/)
})

test('a first deploy that fails leaves no route either', { timeout: 60_000 }, async () => {
  const service = await makeService(sluice, root.directory, 'first')
  service.repository.commit({ 'sluice.yaml': yaml('hooks:\n  migrate: exit 1\n') })
  const { id } = await service.deploy()
  expect(remainsOf(sluice, id)).toEqual([])
  expect(await service.get()).toMatchObject({ status: 404 })
  service.repository.commit({ 'sluice.yaml': yaml('') })
  expect(await service.deploy()).toMatchObject({ status: 'SUCCEEDED', number: 2 })
})

test('a branch that does not exist is refused before anything starts', { timeout: 60_000 }, async () => {
  const service = await liveService('nobranch')
  const answer = await sluice.api('POST', '/v1/deployments', {
    serviceId: 'nobranch',
    environment: 'production',
    ref: 'nope',
  })
  expect(answer).toMatchObject({
    status: 422,
    body: { code: 'PreflightFailed', findings: [{ code: 'RefNotFound' }] },
  })
  expect(await service.get()).toEqual({ status: 200, text: 'v1' })
})

async function liveService(id: string): Promise<TestService> {
  const service = await makeService(sluice, root.directory, id)
  expect(await service.deploy()).toMatchObject({ status: 'SUCCEEDED', live: true })
  return service
}

async function expectFailure(
  service: TestService,
  id: string,
  step: string,
  code: string,
  says: RegExp,
): Promise<void> {
  const deployment = await finished(sluice, id)
  expect(deployment).toMatchObject({
    status: 'FAILED',
    live: false,
    compensation: 'DONE',
    failure: { step, code, message: expect.stringMatching(says), hint: expect.stringMatching(/\w/) },
  })
  expect(deployment.steps.find(({ name }) => name === step)).toMatchObject({ status: 'FAILED' })
  expect(deployment.steps.find(({ name }) => name === 'switch')).toMatchObject({ status: 'SKIPPED' })
  expect(remainsOf(sluice, id)).toEqual([])
  expect(await service.get()).toEqual({ status: 200, text: 'v1' })
}
