import { chmodSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { request } from 'undici'
import type { Deployment } from '../../contract/deployment.ts'
import { processesWith } from './remains.ts'
import { makeRepository } from './repository.ts'
import { expectStatus, find, finished, makeService } from './service.ts'
import type { Sluice } from './sluice.ts'
import { useSluice } from './use-sluice.ts'

let sluice: Sluice
const root = useSluice((started) => {
  sluice = started
})

test(
  'a first deploy goes through every step and answers under its host name',
  { timeout: 60_000 },
  async () => {
    const service = await makeService(sluice, root.directory, 'hello')
    const sha = service.repository.commit({}, 'the one to deploy')
    const deployment = await service.deploy()
    expect(deployment).toMatchObject({
      id: 'hello.production.1',
      number: 1,
      status: 'SUCCEEDED',
      live: true,
      trigger: 'api',
      ref: 'main',
      commitSha: sha,
      commitMessage: expect.stringContaining('the one to deploy'),
      releaseId: 'hello.production.r1',
      failure: null,
      workflowId: 'deploy/hello/production/1',
      temporalUrl: expect.stringContaining('deploy%2Fhello%2Fproduction%2F1'),
    })
    expect(deployment.steps.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'preflight SUCCEEDED',
      'fetch SUCCEEDED',
      'install SUCCEEDED',
      'build SUCCEEDED',
      'validate SUCCEEDED',
      'migrate SUCCEEDED',
      // Without a hook for it the switch looks at the candidate once more.
      'reload SKIPPED',
      'switch SUCCEEDED',
      'cleanup SUCCEEDED',
    ])
    expect(await service.get()).toEqual({ status: 200, text: 'v1' })
    expect(service.counts()).toEqual({ install: 1, build: 1, migrate: 1 })
  },
)

test('a service gets its variables and PORT, and nothing of Sluice', { timeout: 60_000 }, async () => {
  const service = await makeService(sluice, root.directory, 'env')
  await service.environment('production', { variables: { COUNT_FILE: '/dev/null', GREETING: 'hej' } })
  await service.deploy()
  const environment = JSON.parse((await service.get('/env')).text) as Record<string, string>
  expect(environment).toMatchObject({ GREETING: 'hej', PORT: expect.stringMatching(/^\d+$/) })
  // Its own programs come first; those of Sluice are not there at all.
  expect(environment['PATH']).not.toContain(path.resolve(import.meta.dirname, '../../node_modules'))
  for (const name of ['DATABASE_URL', 'SLUICE_TOKEN', 'TEMPORAL_ADDRESS', 'SLUICE_HOME'])
    expect(environment).not.toHaveProperty(name)
})

test(
  'a rollback is instant, builds and migrates nothing, and runs the old code with its old variables',
  { timeout: 60_000 },
  async () => {
    const service = await makeService(sluice, root.directory, 'back', { variables: { WORD: 'old' } })
    await service.deploy()
    service.repository.commit({ 'version.txt': 'v2\n' })
    await service.environment('production', { variables: { COUNT_FILE: '/dev/null', WORD: 'new' } })
    await service.deploy()
    expect(await service.get()).toMatchObject({ text: 'v2' })
    const before = service.counts()
    const path = '/v1/services/back/environments/production/rollback'
    const { id } = (await expectStatus(sluice.api('POST', path, {}), 202)) as Deployment
    expect(await finished(sluice, id)).toMatchObject({
      status: 'SUCCEEDED',
      trigger: 'rollback',
      live: true,
      number: 3,
      releaseId: 'back.production.r1',
      rollbackOf: 'back.production.1',
    })
    expect(await service.get()).toMatchObject({ text: 'v1' })
    expect(JSON.parse((await service.get('/env')).text)).toMatchObject({ WORD: 'old' })
    expect(service.counts()).toEqual(before)
    expect(await find(sluice, 'back.production.2')).toMatchObject({ live: false })
  },
)

test(
  'a buildpack and an own detector build together; one that does not detect changes nothing',
  { timeout: 60_000 },
  async () => {
    const pack = makeRepository(root.directory, 'toy-buildpack')
    const commitPack = (detect: string) => {
      const programs = {
        'bin/detect': `#!/bin/sh\n${detect}\n`,
        'bin/compile': `#!/bin/sh
mkdir "$1/.profile.d"
echo "export FROM_PACK='$(cat "$3/GREETING") \${GREETING-not exported}'" >"$1/.profile.d/toy.sh"\n`,
      }
      pack.commit(programs)
      for (const name of Object.keys(programs)) chmodSync(`${pack.directory}/${name}`, 0o755)
      return pack.commit({})
    }
    const pin = commitPack('echo Toy')
    const service = await makeService(sluice, root.directory, 'packed')
    const variables = { COUNT_FILE: '/dev/null', GREETING: 'hej' }
    await service.environment('production', { variables })
    const buildpacks = `${pack.directory}#${pin}\nheroku/nodejs\n`
    service.repository.commit({ '.buildpacks': buildpacks, 'sluice.yaml': null })
    expect(await service.deploy()).toMatchObject({ status: 'SUCCEEDED', failure: null })
    const environment = JSON.parse((await service.get('/env')).text) as Record<string, string>
    expect(environment).toMatchObject({
      FROM_PACK: 'hej not exported',
      HOME: expect.stringContaining('releases/1/code'),
    })

    commitPack('exit 1')
    service.repository.commit({ '.buildpacks': buildpacks.replace(`#${pin}`, '') })
    expect(await service.deploy()).toMatchObject({
      status: 'FAILED',
      failure: { code: 'PackNotDetected', step: 'build' },
    })
    expect(await service.get()).toEqual({ status: 200, text: 'v1' })
  },
)

test('a rollback drains for as long as its release says', { timeout: 60_000 }, async () => {
  const service = await makeService(sluice, root.directory, 'drained')
  const hangs = `import http from 'node:http'
http.createServer((q, r) => (q.url === '/hang' ? r.write('so far') : r.end('ok'))).listen(process.env.PORT)
`
  const config = { drain: 1 }
  await service.environment('production', { config })
  for (const word of ['one', 'two']) {
    service.repository.commit({ 'server.js': `${hangs}// ${word}\n` })
    await service.deploy()
  }
  const { body } = await request(`http://127.0.0.1:${sluice.routerPort}/hang`, {
    headers: { host: 'drained.localhost' },
  })
  const cut = body.text().catch((error: unknown) => error)
  const path = '/v1/services/drained/environments/production/rollback'
  const { id } = (await expectStatus(sluice.api('POST', path, {}), 202)) as Deployment
  const cleanup = (await finished(sluice, id)).steps.find(({ name }) => name === 'cleanup')
  // The default would be 30 s.
  const took = Date.parse(cleanup!.finishedAt!) - Date.parse(cleanup!.startedAt!)
  expect(cleanup?.status).toBe('SUCCEEDED')
  expect(took).toBeGreaterThanOrEqual(900)
  expect(took).toBeLessThan(20_000)
  expect(await cut).toBeInstanceOf(Error)
})

test('a retry is a new deployment of the same commit', { timeout: 60_000 }, async () => {
  const service = await makeService(sluice, root.directory, 'again')
  service.repository.commit({ 'sluice.yaml': 'build: exit 1\nstart: exec node server.js\n' })
  const failed = await service.deploy()
  expect(failed.status).toBe('FAILED')
  service.repository.commit({}, 'a later one')
  const { id } = (await expectStatus(
    sluice.api('POST', `/v1/deployments/${failed.id}/retry`),
    202,
  )) as Deployment
  expect(await finished(sluice, id)).toMatchObject({
    number: 2,
    trigger: 'retry',
    retryOf: failed.id,
    commitSha: failed.commitSha,
  })
})

test('the same Idempotency-Key starts one deployment', { timeout: 60_000 }, async () => {
  await makeService(sluice, root.directory, 'key')
  const body = { serviceId: 'key', environment: 'production' }
  const post = () => sluice.api('POST', '/v1/deployments', body, { 'idempotency-key': 'abc' })
  const first = (await expectStatus(post(), 202)) as Deployment
  await finished(sluice, first.id)
  expect((await expectStatus(post(), 202)) as Deployment).toMatchObject({ id: first.id })
})

test('logs tell what the commands wrote, without secrets', { timeout: 60_000 }, async () => {
  const service = await makeService(sluice, root.directory, 'logs', {
    variables: { API_KEY: 'hunter2-hunter2' },
  })
  service.repository.commit({
    'sluice.yaml': 'build: echo "key=$API_KEY"; seq 1 3\nstart: exec node server.js\n',
  })
  const { id } = await service.deploy()
  const lines = await sluice.ndjson(`/v1/deployments/${id}/logs`)
  const texts = lines.filter((line) => line['step'] === 'build').map((line) => line['text'])
  expect(texts.slice(-4)).toEqual(['key=***', '1', '2', '3'])
  expect(JSON.stringify(lines)).not.toContain('hunter2')
})

test('five releases are kept, older ones and their processes are gone', { timeout: 120_000 }, async () => {
  const service = await makeService(sluice, root.directory, 'many')
  for (let at = 1; at <= 7; at++)
    expect(await service.deploy()).toMatchObject({ status: 'SUCCEEDED', number: at })
  const { data } = (await expectStatus(
    sluice.api('GET', '/v1/services/many/environments/production/releases'),
    200,
  )) as {
    data: { kept: boolean; releaseId: string; live: boolean }[]
  }
  expect(data.filter(({ kept }) => kept).map(({ releaseId }) => releaseId)).toEqual(
    [7, 6, 5, 4, 3].map((number) => `many.production.r${number}`),
  )
  expect(processesWith(sluice, 'many/production/6')).toEqual([])
  expect(processesWith(sluice, 'many/production/7')).not.toEqual([])
})

test(
  'a deleted service leaves nothing behind, and one of its name can be made again',
  { timeout: 60_000 },
  async () => {
    const service = await makeService(sluice, root.directory, 'gone')
    await service.deploy()
    await expectStatus(sluice.api('DELETE', '/v1/services/gone'), 204)
    await expect.poll(() => processesWith(sluice, 'gone/production/1'), { timeout: 20_000 }).toEqual([])
    expect((await service.get()).status).toBe(404)

    const source = { kind: 'git', url: service.repository.directory }
    await expectStatus(sluice.api('POST', '/v1/services', { serviceId: 'gone', source }), 201)
    await service.environment('production')
    // Numbers go on: what is fenced by them would refuse a number that it has seen.
    expect(await service.deploy()).toMatchObject({ status: 'SUCCEEDED', number: 2, live: true })
    expect(await service.get()).toMatchObject({ text: 'v1' })
  },
)
