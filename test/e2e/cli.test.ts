import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client'
import { expect, test } from 'vitest'
import { deployWorkflowId, laneId } from '../../contract/names.ts'
import type { Deployment, Finding } from '../../contract/deployment.ts'
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

  expect((await sluice.cli('service', 'list')).stdout).toMatch(/^shop +production, staging +\//m)
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

/** What the browser of somebody who is signed in gets, and whether the page has the anchor. */
async function pageOf(link: string, cookie: string): Promise<{ status: number; hasAnchor: boolean }> {
  const { pathname, hash } = new URL(link, sluice.url)
  const answer = await fetch(sluice.url + pathname, {
    headers: { cookie, accept: 'text/html' },
    redirect: 'manual',
  })
  const text = await answer.text()
  return { status: answer.status, hasAnchor: hash === '' || text.includes(`id="${hash.slice(1)}"`) }
}

async function signIn(): Promise<string> {
  const answer = await fetch(`${sluice.url}/sign-in`, {
    method: 'POST',
    headers: { origin: sluice.url },
    body: new URLSearchParams({ token: sluice.token }),
    redirect: 'manual',
  })
  return answer.headers.get('set-cookie')!.split(';')[0]!
}

test(
  'five things are wrong: one answer names all, and their commands put them right',
  { timeout: 120_000 },
  async () => {
    await addService('before')
    await addService('five')
    const moved = 'moved.example.com'
    expect(await sluice.cli('env', 'set', 'before', 'production', '--domain', moved)).toMatchObject({
      exitCode: 0,
    })
    expect(await sluice.cli('deploy', 'before')).toMatchObject({ exitCode: 0 })
    const put = (service: string, body: object) =>
      sluice.api('PUT', `/v1/services/${service}/environments/production`, body)
    await put('before', { branch: 'main', domains: [] })
    const broken = {
      branch: 'nowhere',
      domains: [moved],
      config: { requires: ['SECRET_KEY', 'COUNT_FILE'] },
      variables: {
        CACHE_URL: 'redis://127.0.0.1:1',
        MONGODB_URI: 'mongodb://127.0.0.1:1/five',
        COUNT_FILE: '/dev/null',
      },
    }
    expect(await put('five', broken)).toMatchObject({ status: 200 })

    const answer = await sluice.api('POST', '/v1/deployments', {
      serviceId: 'five',
      environment: 'production',
    })
    expect(answer).toMatchObject({ status: 422, body: { code: 'PreflightFailed' } })
    const findings: Finding[] = answer.body.findings
    expect(findings.map(({ code }) => code).toSorted()).toEqual([
      'DatabaseUnreachable',
      'DatabaseUnreachable',
      'DomainTaken',
      'RefNotFound',
      'VariableMissing',
    ])
    const refused = await sluice.cli('deploy', 'five')
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' })
    const cookie = await signIn()
    for (const { message, link, guide, fix } of findings) {
      expect(message).toMatch(/^[^]+\.$/)
      expect(refused.stderr).toContain(message)
      expect(refused.stderr).toContain(fix)
      expect(refused.stderr).toContain(sluice.url + link)
      expect(await pageOf(link, cookie), link).toEqual({ status: 200, hasAnchor: true })
      expect(await pageOf(guide!, cookie), guide).toEqual({ status: 200, hasAnchor: true })
    }

    const connection = await Connection.connect({ address: sluice.temporalAddress })
    const { workflow } = new Client({ connection })
    for (const id of [laneId('five', 'production'), deployWorkflowId('five', 'production', 1)])
      await expect(workflow.getHandle(id).describe()).rejects.toThrow(WorkflowNotFoundError)
    await connection.close()

    for (const { fix } of findings) {
      const words = fix!.replace('<branch>', 'main').replace('…', 'none').split(' ').slice(1)
      expect(await sluice.cli(...words), fix!).toMatchObject({ exitCode: 0 })
    }
    expect(await sluice.cli('preflight', 'five')).toMatchObject({
      exitCode: 0,
      stdout: 'Everything needed is there.\n',
    })
  },
)

test('what only the code requires is missing before anything starts', { timeout: 60_000 }, async () => {
  const repository = await addService('asking')
  repository.commit({
    'sluice.yaml': 'requires: [SECRET_KEY]\nstart: exec node server.js\n',
    'package.json': '{"engines": {"node": ">=999"}}',
  })
  const refused = await sluice.cli('deploy', 'asking')
  expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('VariableMissing') })
  expect(refused.stderr).toContain('ToolMissing')
  expect(refused.stderr).toContain('sluice env set asking production SECRET_KEY=…')
  repository.commit({ 'package.json': '{}' })
  await sluice.cli('env', 'set', 'asking', 'production', 'SECRET_KEY=x')
  expect(await sluice.cli('deploy', 'asking')).toMatchObject({ exitCode: 0 })
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
