import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { Deployment } from '../../contract/deployment.ts'
import { makeRepository } from './repository.ts'
import type { Sluice } from './sluice.ts'
import { useSluice } from './use-sluice.ts'

let sluice: Sluice
const root = useSluice((started) => {
  sluice = started
})
const server = `import http from 'node:http'
http.createServer((q, r) => r.end('hello')).listen(process.env.PORT)
`

/** A repository with a service that works, known to Sluice under the name. */
async function addService(name: string) {
  const repository = makeRepository(root.directory, name)
  repository.commit({ 'server.js': server, 'sluice.yaml': 'start: exec node server.js\n' })
  expect(await sluice.cli('service', 'add', name, repository.directory)).toMatchObject({
    exitCode: 0,
    stdout: `${name}\n`,
  })
  return repository
}

test('from nothing to live, then a look at it', { timeout: 120_000 }, async () => {
  await addService('shop')
  const deployed = await sluice.cli('deploy', 'shop')
  expect(deployed).toMatchObject({ exitCode: 0, stdout: `http://shop.localhost:${sluice.routerPort}/\n` })
  expect(deployed.stderr).toMatch(/\d\d:\d\d:\d\d validate   SUCCEEDED/)
  expect(deployed.stderr).not.toContain('\u001b')

  expect((await sluice.cli('service', 'list')).stdout).toMatch(/^shop +production +\//m)
  expect((await sluice.cli('status')).stdout).toMatch(
    /^shop +production +#1 +[0-9a-f]{12} +#1 SUCCEEDED +http/m,
  )
  expect((await sluice.cli('status', 'shop')).stdout).toMatch(/✓ switch/)
  expect(JSON.parse((await sluice.cli('status', 'shop.production.1', '--json')).stdout)).toMatchObject({
    live: true,
  })
  expect((await sluice.cli('logs', 'shop')).exitCode).toBe(0)
  expect((await sluice.cli('open', 'shop')).stdout).toBe(`http://shop.localhost:${sluice.routerPort}/\n`)
  expect((await sluice.cli('token')).stdout.trim()).toBe(sluice.token)
  expect((await sluice.cli('plan', '--service', 'shop')).stdout).toContain('exec node server.js')

  const again = await sluice.cli('deploy', 'shop', '--json', '--quiet')
  expect(JSON.parse(again.stdout)).toMatchObject({ id: 'shop.production.2', status: 'SUCCEEDED' })
  expect(again.stderr).toBe('')
  expect(await sluice.cli('rollback', 'shop')).toMatchObject({ exitCode: 0 })
  expect(JSON.parse((await sluice.cli('status', 'shop', '--json')).stdout)).toMatchObject({
    rollbackOf: 'shop.production.1',
  })
})

test('a failure tells step, code, output, hint and link, and exits with 3', { timeout: 90_000 }, async () => {
  const repository = await addService('broken')
  repository.commit({ 'sluice.yaml': 'build: echo no such module >&2; exit 1\nstart: exec node server.js\n' })
  const { exitCode, stderr, stdout } = await sluice.cli('deploy', 'broken')
  expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' })
  for (const text of [
    'failed at build: BuildFailed',
    'no such module',
    'from a clean checkout',
    '#build-failed',
    'sluice logs broken.production.1',
  ]) {
    expect(stderr).toContain(text)
  }
  expect((await sluice.cli('logs', 'broken', '-f', '--step', 'build')).stdout).toContain('no such module')
  repository.commit({ 'sluice.yaml': 'start: exec node server.js\n' })
  expect(await sluice.cli('retry', 'broken')).toMatchObject({ exitCode: 3 })
  expect(await sluice.cli('deploy', 'broken')).toMatchObject({ exitCode: 0 })
})

test('waiting can end early, Ctrl-C only detaches, cancel cancels', { timeout: 120_000 }, async () => {
  const repository = await addService('slow')
  repository.commit({ 'sluice.yaml': 'build: echo building; sleep 60\nstart: exec node server.js\n' })
  expect(await sluice.cli('deploy', 'slow', '--timeout', '1s')).toMatchObject({
    exitCode: 6,
    stderr: expect.stringContaining('The deployment slow.production.1 goes on'),
  })
  const following = spawn(process.execPath, [path.resolve('bin/sluice.js'), 'logs', 'slow', '-f'], {
    env: sluice.environment,
  })
  const exited = once(following, 'exit')
  await once(following.stdout, 'data').catch(() => {})
  following.kill('SIGINT')
  expect((await exited)[0]).toBe(130)

  const accepted = JSON.parse(
    (await sluice.cli('deploy', 'slow', '--no-wait', '--json')).stdout,
  ) as Deployment
  expect(accepted).toMatchObject({ id: 'slow.production.2', status: 'QUEUED' })
  expect(await sluice.cli('cancel', 'slow.production.2')).toMatchObject({
    exitCode: 0,
    stdout: 'slow.production.2 CANCELED\n',
  })
  const canceled = await sluice.cli('cancel', 'slow.production.1', '--reason', 'wrong one')
  expect(canceled).toMatchObject({ exitCode: 0, stdout: 'slow.production.1 CANCELED\n' })
})

test('a deployment that somebody cancels ends the wait with 7', { timeout: 60_000 }, async () => {
  const repository = await addService('unwanted')
  repository.commit({ 'sluice.yaml': 'build: sleep 60\nstart: exec node server.js\n' })
  const waiting = sluice.cli('deploy', 'unwanted')
  await expect
    .poll(() => sluice.cli('status', 'unwanted'), { timeout: 20_000, interval: 500 })
    .toMatchObject({ exitCode: 0 })
  expect(await sluice.cli('cancel', 'unwanted')).toMatchObject({ exitCode: 0 })
  expect(await waiting).toMatchObject({ exitCode: 7, stderr: expect.stringContaining('was canceled') })
})

test('env set adds an environment, and later changes only what it names', { timeout: 60_000 }, async () => {
  await addService('settled')
  const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'sluice-')), 'file.env')
  sluice.onStop(path.dirname(file))
  writeFileSync(file, 'FROM_FILE="two words"\nBOTH=file\n')
  const first = await sluice.cli(
    ...['env', 'set', 'settled', 'staging', 'BOTH=argument', '--env-file', file, '--plain'],
    ...['--branch', 'next', '--domain', 'settled.example.com'],
  )
  expect(first).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('settled-staging.localhost') })
  expect(await sluice.cli('env', 'set', 'settled', 'staging', 'MORE=1')).toMatchObject({ exitCode: 0 })
  const { body } = await sluice.api('GET', '/v1/services/settled/environments/staging')
  expect(body).toMatchObject({ branch: 'next', domains: ['settled.example.com'] })
  const { body: variables } = await sluice.api('GET', '/v1/services/settled/environments/staging/variables')
  expect(
    variables.data.map(({ name, value }: { name: string; value: string | null }) => [name, value]),
  ).toEqual([
    ['BOTH', 'argument'],
    ['FROM_FILE', 'two words'],
    ['MORE', null],
  ])
})

test('refusals name the field and the code; a wrong token is an access error', async () => {
  expect(await sluice.cli('service', 'add', 'Bad Name', 'https://example.com/x.git')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/ValidationFailed[^]*\/serviceId/),
  })
  expect(await sluice.cli('deploy', 'nothing')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('ServiceNotFound'),
  })
  expect(await sluice.cli('status', 'nothing')).toMatchObject({ exitCode: 1 })
  const wrong = { ...sluice.environment, SLUICE_TOKEN: 'x'.repeat(32) }
  const { callCli } = await import('./sluice.ts')
  expect(await callCli(['status'], wrong)).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining('SLUICE_TOKEN'),
  })
})
