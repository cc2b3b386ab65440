/* oxlint-disable no-control-regex -- control characters are what this is about */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keepAsking, remainsOf } from '../e2e/remains.ts'
import { repositoryRoot } from '../e2e/repository.ts'
import { makeService, type TestService, until } from '../e2e/service.ts'
import { startSluice, type Sluice } from '../e2e/sluice.ts'
import { canLimit, cgroupsOf, skipped } from '../process/contained.ts'

/** What commands and services take too much of hurts only themselves, and the deployment tells what it was. */

const root = repositoryRoot()
let sluice: Sluice
beforeAll(async () => {
  sluice = await startSluice({ env: { SLUICE_SOURCE_ROOTS: root.directory } })
}, 120_000)
afterAll(async () => {
  await sluice?.stop()
  expect(cgroupsOf(sluice.home)).toEqual([])
  root.remove()
}, 60_000)

const greedy = 'const a = []\nconst eat = () => { for (;;) a.push(Buffer.alloc(1e7, 1)) }\n'
const server = `import http from 'node:http'
${greedy}http.createServer((q, r) => q.url === '/eat' ? eat() : r.end('v1')).listen(process.env.PORT)\n`
const yaml = (more: string) => `start: exec node server.js\n${more}`
const bomb = `setInterval(() => require('child_process').spawn('sleep', ['120']).on('error', () => {}), 5)\n`

async function serviceOf(id: string, files: Record<string, string>): Promise<TestService> {
  const service = await makeService(sluice, root.directory, id)
  service.repository.commit({ 'server.js': server, 'sluice.yaml': yaml(''), ...files })
  return service
}

describe.skipIf(!canLimit)(`limits${skipped}`, () => {
  test('a fork bomb and two that eat memory fail with the reason, while another service answers', async () => {
    const [live, ...failing] = await Promise.all([
      serviceOf('live', {}),
      serviceOf('bomb', {
        'bomb.cjs': bomb,
        'sluice.yaml': yaml('build: node bomb.cjs\nbuildLimits: {processes: 60}\n'),
      }),
      serviceOf('greedy-build', {
        'eat.js': `${greedy}eat()\n`,
        'sluice.yaml': yaml('build: node eat.js\nbuildLimits: {memory: 96M}\n'),
      }),
      serviceOf('greedy-boot', {
        'server.js': `${greedy}eat()\n`,
        'sluice.yaml': yaml('limits: {memory: 96M}\n'),
      }),
    ])
    expect(await live.deploy()).toMatchObject({ status: 'SUCCEEDED' })
    const traffic = keepAsking(sluice, 'live.localhost', (text) => text === 'v1', 50)
    const ended = await Promise.all(failing.map((service) => service.deploy()))
    expect((await traffic.stop()).wrong).toEqual([])
    expect(ended.map(({ failure }) => failure)).toMatchObject([
      { step: 'build', code: 'TooManyProcesses', message: expect.stringContaining('60 processes') },
      { step: 'build', code: 'OutOfMemory', message: expect.stringContaining('96M') },
      { step: 'validate', code: 'OutOfMemory', message: expect.stringContaining('96M') },
    ])
    expect(ended.flatMap(({ id }) => remainsOf(sluice, id))).toEqual([])
    // Of the live service alone.
    expect(
      cgroupsOf(sluice.home).filter((folder) => !folder.endsWith('-instance-live.production.1')),
    ).toEqual([])
  })

  test('a live service that outgrows its memory comes back, and its log says why', async () => {
    const service = await serviceOf('growing', { 'sluice.yaml': yaml('limits: {memory: 128M}\n') })
    expect(await service.deploy()).toMatchObject({ status: 'SUCCEEDED' })
    await service.get('/eat').catch(() => {})
    const log = () => readFileSync(path.join(sluice.home, 'instances/growing/production/1/output'), 'utf8')
    await until(() => log().includes('because it needed more memory than it may have'))
    await until(async () => (await service.get().catch(() => undefined))?.text === 'v1')
  })
})

test('control characters of a build reach neither the store nor the terminal', async () => {
  const print = String.raw`printf 'a\000b\377c \033]52;c;aGk=\007\033[2J\033[31mred\033[0m\r\n'`
  const service = await serviceOf('odd', {
    'build.sh': `${print}\n`,
    'sluice.yaml': yaml('build: sh build.sh\n'),
  })
  const { id, status } = await service.deploy()
  expect(status).toBe('SUCCEEDED')
  const lines = (await sluice.ndjson(`/v1/deployments/${id}/logs`)).map((line) =>
    typeof line['text'] === 'string' ? line['text'] : '',
  )
  const line = lines.find((text) => text.includes('red'))!
  expect(line.isWellFormed()).toBe(true)
  expect(line).toMatch(/^a[^\0]b\ufffdc /)
  const { stdout } = await sluice.cli('logs', id)
  expect(stdout).toContain('red')
  expect(stdout).not.toMatch(/\u001b\]|\u001b\[2J|\0|\u0007/)
})
