import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { createAdaptorServer } from '@hono/node-server'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createMetrics } from '../../server/metrics.ts'
import { sweepOnce } from '../../server/push/sweep.ts'
import { makeRepository, runGit, temporaryFolder, type TestRepository } from '../source/repositories.ts'
import { startApi, token, type Api } from './api.ts'
import { git, startGit } from './git-client.ts'

let api: Api
let server: http.Server
let port = 0
beforeAll(async () => {
  api = await startApi()
  server = createAdaptorServer({ fetch: api.app.fetch }) as http.Server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
}, 60_000)
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await api.stop()
})
beforeEach(() => {
  api.lanes.down = false
  api.lanes.losesAnswers = false
  api.findings.length = 0
})

let made = 0

/** A service to push to, and a repository with a commit and the remote `sluice`. */
async function setUp(environments: Record<string, string> = { production: 'main' }) {
  const id = `pushed-${++made}`
  expect(await api.call('POST', '/v1/services', { serviceId: id, source: { kind: 'push' } })).toMatchObject({
    status: 201,
    body: { source: { kind: 'push' }, pushUrl: `http://sluice@127.0.0.1:7700/git/${id}.git` },
  })
  for (const [name, branch] of Object.entries(environments))
    await api.call('PUT', `/v1/services/${id}/environments/${name}`, { branch })
  const repository = makeRepository(path.join(temporaryFolder(), 'work'))
  const sha = repository.commit({ 'package.json': '{}' }, 'first')
  repository.git('remote', 'add', 'sluice', urlOf(id))
  return { id, repository, sha, bare: path.join(api.pushed, `${id}.git`) }
}

const urlOf = (id: string, password = token) => `http://anybody:${password}@127.0.0.1:${port}/git/${id}.git`
const enqueuedOf = (id: string) => api.lanes.enqueued.filter(({ serviceId }) => serviceId === id)
const refs = ({ folder }: TestRepository) => runGit(folder, ['rev-parse', 'HEAD'])
const headOf = (bare: string, ref = 'refs/heads/main') => runGit(bare, ['rev-parse', '--verify', ref])

/** Pushes and lets the deployment succeed as soon as it is there. */
async function pushed(repository: TestRepository, id: string, ...refspec: string[]) {
  const run = startGit(repository.folder, 'push', 'sluice', ...refspec)
  const before = enqueuedOf(id).length
  const finishing = finishNew(id, before, run.ended)
  const result = await run.ended
  await finishing
  return result
}

/** Ends what is enqueued for a service from now on, until a push has ended. */
async function finishNew(id: string, from: number, ended: Promise<unknown>) {
  let over = false
  void ended.then(() => (over = true))
  let next = from
  while (!over) {
    const one = enqueuedOf(id)[next]
    const deployment = one && `${id}.${one.environment}.${deploymentNumber(id, next)}`
    if (deployment && (await api.store.deployments.find(deployment))) {
      await finish(deployment, 'SUCCEEDED')
      next++
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Lanes count per environment; the services here have one that is deployed at a time. */
function deploymentNumber(id: string, index: number): number {
  const all = enqueuedOf(id)
  return all.slice(0, index + 1).filter(({ environment }) => environment === all[index]!.environment).length
}

const finish = (deploymentId: string, status: 'SUCCEEDED' | 'FAILED') =>
  api.store.deployments.finish(deploymentId, {
    status,
    compensation: 'NONE',
    step: status === 'FAILED' ? 'build' : null,
    failure:
      status === 'SUCCEEDED'
        ? null
        : {
            step: 'build',
            code: 'BuildFailed',
            message: 'vite build ended with 1\nerror: cannot resolve "./App.vue"',
            hint: 'Read the last lines of the step.',
            link: '/guides/when-a-deploy-fails#buildfailed',
          },
  })

async function writeLine(deploymentId: string, text: string, at = Date.now()) {
  const position = await api.store.logs.position(deploymentId, 'build')
  await api.store.logs.append(deploymentId, {
    step: 'build',
    cursor: 'build',
    from: position,
    to: position + text.length,
    lines: [{ at: new Date(at), text }],
  })
}

describe('git push', () => {
  it('makes the repository, deploys exactly that commit and shows steps and lines as they come', async () => {
    const { id, repository, sha, bare } = await setUp()
    expect(existsSync(bare)).toBe(false)
    const run = startGit(repository.folder, 'push', 'sluice', 'main')
    const deployment = `${id}.production.1`
    await run.until(`-----> ${deployment}: main ${sha.slice(0, 7)} to production`)
    expect(enqueuedOf(id)).toEqual([
      expect.objectContaining({ trigger: 'push', ref: 'main', commitSha: sha, environment: 'production' }),
    ])
    await api.store.deployments.started(deployment, { runId: 'run', at: new Date() })
    await api.store.deployments.stepStarted(deployment, 'build', 1)
    await run.until('remote: -----> build')
    await writeLine(deployment, 'compiled 48 files\u001b]52;c;ZXZpbA==\u0007')
    await run.until('compiled 48 files')
    expect(run.said()).not.toContain('is live')
    await api.store.deployments.stepFinished(deployment, 'build', { status: 'SUCCEEDED', detail: '48 files' })
    await finish(deployment, 'SUCCEEDED')
    const { code, said } = await run.ended
    expect(code).toBe(0)
    expect(said).toContain(`✓ ${deployment} is live: http://${id}.localhost:8080/`)
    expect(said).not.toContain('\u001b]52')
    expect(headOf(bare)).toBe(sha)
    expect(await api.store.pushes.pending()).toEqual([])
  })

  it('shows the lines, the code and the hint of a build that fails, and keeps what was pushed', async () => {
    const { id, repository, sha, bare } = await setUp()
    const run = startGit(repository.folder, 'push', 'sluice', 'main')
    await run.until(`${id}.production.1`)
    await finish(`${id}.production.1`, 'FAILED')
    const { code, said } = await run.ended
    expect(code).toBe(0)
    expect(said).toContain(`✗ ${id}.production.1 failed at build: BuildFailed.`)
    expect(said).toContain('│ error: cannot resolve "./App.vue"')
    expect(said).toContain('Read the last lines of the step.')
    expect(said).toContain('The live release was not touched. What was pushed is stored.')
    expect(headOf(bare)).toBe(sha)
  })

  it('goes on with the deployment when the pusher leaves', async () => {
    const { id, repository, sha, bare } = await setUp()
    const run = startGit(repository.folder, 'push', 'sluice', 'main')
    await run.until(`${id}.production.1`)
    run.interrupt()
    await run.ended
    expect(api.lanes.canceled).not.toContain(`${id}.production.1`)
    expect(headOf(bare)).toBe(sha)
    expect(await api.store.deployments.find(`${id}.production.1`)).toMatchObject({ status: 'QUEUED' })
  })

  it('deploys each environment of the branch, and stores other branches and tags', async () => {
    const { id, repository, sha, bare } = await setUp({ production: 'main', staging: 'next', qa: 'next' })
    repository.git('tag', 'v1')
    const stored = await pushed(repository, id, 'main:refs/heads/feature/x', 'v1')
    expect(stored.code).toBe(0)
    expect(stored.said).toContain('Stored feature/x, v1, which deploys nothing.')
    expect(stored.said).toMatch(/main deploys production, next deploys qa, next deploys staging/)
    expect(enqueuedOf(id)).toEqual([])
    expect(headOf(bare, 'refs/heads/feature/x')).toBe(sha)
    expect((await pushed(repository, id, 'main:next')).said).toContain('is live')
    expect(
      enqueuedOf(id)
        .map(({ environment }) => environment)
        .toSorted(),
    ).toEqual(['qa', 'staging'])
  })

  it('takes a force push back to an older commit, and deploys that again', async () => {
    const { id, repository, sha } = await setUp()
    await pushed(repository, id, 'main')
    const newer = repository.commit({ a: '2' })
    await pushed(repository, id, 'main')
    repository.git('reset', '--quiet', '--hard', sha)
    expect((await pushed(repository, id, 'main')).code).not.toBe(0)
    expect((await pushed(repository, id, '+main')).code).toBe(0)
    expect(enqueuedOf(id).map(({ commitSha }) => commitSha)).toEqual([sha, newer, sha])
    expect(new Set(enqueuedOf(id).map(({ requestId }) => requestId)).size).toBe(3)
  })

  it('takes 30 MB', async () => {
    const { id, repository, bare } = await setUp()
    writeFileSync(path.join(repository.folder, 'noise'), randomBytes(30 * 1024 ** 2))
    const sha = repository.commit({})
    expect((await pushed(repository, id, 'main')).code).toBe(0)
    expect(headOf(bare)).toBe(sha)
    expect(enqueuedOf(id)).toHaveLength(1)
  }, 60_000)

  it('can be cloned again with the token, and is read by the source of the host', async () => {
    const { id, repository, sha } = await setUp()
    const source = { serviceId: id, url: null, credentials: null }
    await expect(api.deps.source.probe(source, 'main')).rejects.toMatchObject({
      code: 'RefNotFound',
      message: expect.stringContaining('Nothing has been pushed') as string,
    })
    expect((await git(repository.folder, 'ls-remote', 'sluice')).said).toContain('Nothing has been pushed')
    await pushed(repository, id, 'main')
    const clone = path.join(temporaryFolder(), 'clone')
    expect(await git('/', 'clone', '--quiet', urlOf(id), clone)).toMatchObject({ code: 0 })
    expect(refs({ folder: clone } as TestRepository)).toBe(sha)
    expect(await api.deps.source.resolve(source, 'main')).toEqual({ sha, message: 'first' })
    expect(await api.deps.source.resolve(source, sha)).toEqual({ sha, message: 'first' })
    await api.deps.source.export(source, sha, `${clone}-export`)
    expect(readdirSync(`${clone}-export`)).toEqual(['package.json'])
    await api.call('DELETE', `/v1/services/${id}`)
    expect(readdirSync(api.pushed).filter((name) => name.includes(id))).toEqual([])
  })
})

describe('two pushes at once', () => {
  it('of different commits: one is accepted and deployed, the other is refused', async () => {
    const { id, repository } = await setUp()
    await pushed(repository, id, 'main')
    const left = repository.commit({ a: 'left' })
    repository.git('reset', '--quiet', '--hard', 'HEAD^')
    const right = repository.commit({ a: 'right' })
    const ended = Promise.all(
      [left, right].map(
        (sha) => startGit(repository.folder, 'push', 'sluice', `${sha}:refs/heads/main`).ended,
      ),
    )
    // Until both have: the one that is refused ends first.
    const finishing = finishNew(id, 1, ended)
    const results = await ended
    await finishing
    const codes = results.map(({ code }) => code)
    expect(codes.filter((code) => code === 0)).toHaveLength(1)
    expect(enqueuedOf(id).map(({ commitSha }) => commitSha)).toEqual([
      expect.any(String),
      codes[0] === 0 ? left : right,
    ])
    await expect.poll(() => api.store.pushes.pending()).toEqual([])
  })
})

describe('a push is refused as a whole', () => {
  it('with every finding of the preflight, and can be made again', async () => {
    const { id, repository, bare } = await setUp()
    api.findings.push({
      code: 'VariableMissing',
      message: 'DATABASE_URL is not set.',
      link: '/guides/before-a-deploy#variablemissing',
      fix: `sluice env set ${id} production DATABASE_URL=…`,
    })
    const refused = await pushed(repository, id, 'main', 'main:refs/heads/other')
    expect(refused.code).toBe(1)
    expect(refused.said).toContain('✗ VariableMissing: DATABASE_URL is not set.')
    expect(refused.said).toContain(`sluice env set ${id} production`)
    expect(refused.said).toContain('pre-receive hook declined')
    expect(() => headOf(bare, 'refs/heads/other')).toThrow('Needed a single revision')
    expect(await api.store.pushes.pending()).toEqual([])
    api.findings.length = 0
    expect((await pushed(repository, id, 'main')).code).toBe(0)
  })

  it('while Temporal is down', async () => {
    const { id, repository, bare } = await setUp()
    api.lanes.down = true
    const refused = await pushed(repository, id, 'main')
    expect(refused.code).toBe(1)
    expect(refused.said).toContain('The queue does not answer. Start Temporal.')
    expect(() => headOf(bare)).toThrow('Needed a single revision')
    expect(enqueuedOf(id)).toEqual([])
  })

  it('when it would delete the branch of an environment; another may go', async () => {
    const { id, repository, sha, bare } = await setUp()
    await pushed(repository, id, 'main', 'main:refs/heads/other')
    const refused = await pushed(repository, id, ':refs/heads/main')
    expect(refused.said).toContain('main cannot be deleted: production is deployed from it.')
    expect(headOf(bare)).toBe(sha)
    expect((await pushed(repository, id, ':refs/heads/other')).code).toBe(0)
    expect(() => headOf(bare, 'refs/heads/other')).toThrow('Needed a single revision')
  })
})

describe('an accepted push is deployed once', () => {
  const sweep = () => sweepOnce({ ...api.deps, ...createMetrics(api.store) })

  it('after Temporal went away in between', async () => {
    const { id, repository, sha } = await setUp()
    api.lanes.losesAnswers = true
    const { code, said } = await git(repository.folder, 'push', 'sluice', 'main')
    expect(code).toBe(0)
    expect(said).toContain('Accepted. production is deployed as soon as that is possible again.')
    await sweep()
    expect(await api.store.pushes.pending()).toHaveLength(1)
    api.lanes.losesAnswers = false
    await Promise.all([sweep(), sweep()])
    expect(await api.store.pushes.pending()).toEqual([])
    expect(enqueuedOf(id).map(({ commitSha }) => commitSha)).toEqual([sha])
    expect(await api.store.deployments.find(`${id}.production.1`)).toMatchObject({ trigger: 'push' })
  })

  it('after git was killed before it could tell', async () => {
    const { id, repository, sha } = await setUp()
    await pushed(repository, id, 'main:refs/heads/other')
    const hook = path.join(api.pushed, '.hooks', 'post-receive')
    const own = readFileSync(hook)
    try {
      writeFileSync(hook, '#!/bin/sh\nkill -9 $PPID\n')
      chmodSync(hook, 0o700)
      expect((await git(repository.folder, 'push', 'sluice', 'main')).code).not.toBe(0)
    } finally {
      writeFileSync(hook, own)
    }
    await expect.poll(() => enqueuedOf(id).map(({ commitSha }) => commitSha)).toEqual([sha])
    await expect.poll(() => api.store.pushes.pending()).toEqual([])
  })

  it('after the server was killed in between, and only when the branch still means that commit', async () => {
    const { id, repository, sha, bare } = await setUp()
    await pushed(repository, id, 'main:refs/heads/other')
    const note = { serviceId: id, environment: 'production', branch: 'main' }
    const never = 'f'.repeat(40)
    await api.store.pushes.note([
      { ...note, id: `${id}-1`, commitSha: sha },
      { ...note, id: `${id}-2`, commitSha: never },
    ])
    await sweep()
    expect(enqueuedOf(id)).toEqual([])
    runGit(bare, ['update-ref', 'refs/heads/main', sha])
    await sweep()
    await sweep()
    expect(enqueuedOf(id).map(({ commitSha }) => commitSha)).toEqual([sha])
    expect((await api.store.pushes.pending()).map((row) => row.id)).toEqual([`${id}-2`])
    await sweepOnce({
      ...api.deps,
      ...createMetrics(api.store),
      now: () => new Date(Date.now() + 11 * 60_000),
    })
    expect(await api.store.pushes.pending()).toEqual([])
    expect(enqueuedOf(id)).toHaveLength(1)
  })
})

describe('who may', () => {
  it('needs the token, told before anything else', async () => {
    const { id, repository, bare } = await setUp()
    for (const url of [
      urlOf(id, 'slc_wrong'),
      urlOf(id).replace(/\/\/.*@/, '//'),
      urlOf('absent', 'slc_wrong'),
    ]) {
      const { code, said } = await git(repository.folder, 'push', url, 'main')
      expect(code).toBe(128)
      expect(said).toMatch(/Authentication failed|could not read Username/)
    }
    expect(existsSync(bare)).toBe(false)
    const answer = await ask('GET', `/git/${id}.git/info/refs?service=git-receive-pack`, {
      authorization: basic('x:nope'),
    })
    expect(answer.headers['www-authenticate']).toBe('Basic realm="sluice", charset="UTF-8"')
  })

  it('is locked out after many wrong tokens, and the right one still passes', async () => {
    const { id } = await setUp()
    const at = `/git/${id}.git/info/refs?service=git-receive-pack`
    const statuses = new Set<number>()
    for (let n = 0; n < 25; n++)
      statuses.add((await ask('GET', at, { authorization: basic(`x:${n}`) })).status)
    expect([...statuses]).toContain(429)
    expect((await ask('GET', at, { authorization: basic(`x:${token}`) })).status).toBe(200)
  })

  it('pushes to services with the source push only', async () => {
    const { repository } = await setUp()
    await api.call('POST', '/v1/services', {
      serviceId: 'elsewhere',
      source: { kind: 'git', url: 'https://git.example.com/acme/shop.git' },
    })
    const other = await git(repository.folder, 'push', urlOf('elsewhere'), 'main')
    expect(other.said).toContain('elsewhere takes its code from https://git.example.com/acme/shop.git')
    const absent = await git(repository.folder, 'push', urlOf('absent'), 'main')
    expect(absent.said).toContain('sluice service add absent --push')
    expect(absent.code).toBe(128)
  })
})

describe('hostile input', () => {
  it('in the name of a branch refuses the whole push', async () => {
    const { id, repository, bare } = await setUp()
    const names = ['-x', '--exec=id', 'a$(id)', 'a`id`', 'a;b', 'a|b', 'x\u00a0y', '@']
    for (const name of names) {
      const { code, said } = await git(
        repository.folder,
        ...['push', 'sluice', 'main', `main:refs/heads/${name}`],
      )
      expect(code, name).toBe(1)
      expect(said, name).toMatch(/must be a branch, a tag or a commit|no part may start with a hyphen/)
    }
    expect(runGit(bare, ['for-each-ref'])).toBe('')
    expect(enqueuedOf(id)).toEqual([])
  })

  it('refs that are neither branch nor tag are refused', async () => {
    const { repository, bare } = await setUp()
    for (const ref of ['refs/replace/x', 'refs/sluice/x', 'refs/heads']) {
      expect((await git(repository.folder, 'push', 'sluice', `main:${ref}`)).code).not.toBe(0)
    }
    expect(runGit(bare, ['for-each-ref'])).toBe('')
  })

  it('a tree with a configuration of git in it is refused', async () => {
    const { id, repository, bare } = await setUp()
    const marker = path.join(temporaryFolder(), 'ran')
    repository.commitEntries({
      '.git/config': { mode: '100644', content: `[core]\n\tfsmonitor = touch ${marker}\n` },
    })
    const { code, said } = await git(repository.folder, 'push', 'sluice', 'main')
    expect(code).toBe(1)
    expect(said).toMatch(/hasDotgit|contains '\.git'/)
    expect(runGit(bare, ['for-each-ref'])).toBe('')
    expect(enqueuedOf(id)).toEqual([])
    expect(existsSync(marker)).toBe(false)
  })

  it('in a path leads nowhere, and no file of a repository is handed out', async () => {
    const { id, repository } = await setUp()
    await pushed(repository, id, 'main:refs/heads/other')
    for (const [method, at, status] of [
      ['GET', '/git/..%2f..%2fetc%2fpasswd/info/refs?service=git-upload-pack', 404],
      ['GET', '/git/..%2fID.git/info/refs?service=git-upload-pack', 404],
      ['GET', '/git/ID.git/../../secrets/token', 404],
      ['GET', '/git/ID.git%00/info/refs?service=git-upload-pack', 404],
      ['GET', '/git/.hooks/info/refs?service=git-upload-pack', 404],
      ['GET', '/git/ID.git/HEAD', 404],
      ['GET', '/git/ID.git/config', 404],
      ['GET', '/git/ID.git/objects/info/packs', 404],
      ['GET', '/git/ID.git/info/refs', 403],
      ['GET', '/git/ID.git/info/refs?service=git-upload-archive', 403],
      ['GET', '/git/ID.git/info/refs?service=receive-pack;id', 403],
      ['POST', '/git/ID.git/git-upload-archive', 404],
      ['POST', '/git/ID.git/git-receive-pack', 415],
    ] as const) {
      const answer = await ask(method, at.replace('ID', id), { authorization: basic(`x:${token}`) })
      expect(answer.status, at).toBe(status)
      expect(answer.text, at).not.toContain('[core]')
    }
  })

  it('a compressed body is read when it is gzip', async () => {
    const { id, repository, sha } = await setUp()
    await pushed(repository, id, 'main:refs/heads/other')
    const line = (text: string) => (text.length + 4).toString(16).padStart(4, '0') + text
    const body = `${line(`want ${sha}\n`)}0000${line('done\n')}`
    const headers = {
      authorization: basic(`x:${token}`),
      'content-type': 'application/x-git-upload-pack-request',
    }
    const at = `/git/${id}.git/git-upload-pack`
    const packed = await ask('POST', at, { ...headers, 'content-encoding': 'gzip' }, gzipSync(body))
    expect(packed.text).toContain('PACK')
    const other = await ask('POST', at, { ...headers, 'content-encoding': 'br' }, Buffer.from(body))
    expect(other.status).toBe(415)
  })
})

const basic = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`

/** The path as it is, which `fetch` would put in order. */
function ask(method: string, at: string, headers: Record<string, string>, body?: Buffer) {
  return new Promise<{ status: number; headers: http.IncomingHttpHeaders; text: string }>(
    (resolve, reject) => {
      const request = http.request({ port, host: '127.0.0.1', method, path: at, headers }, (response) => {
        let text = ''
        response.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }))
      })
      request.on('error', reject)
      request.end(body)
    },
  )
}
