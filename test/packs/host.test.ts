import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { hostPacks } from '../../adapters/packs/host/index.ts'
import { serveRepositories } from '../source/git-server.ts'
import { makeRepository, temporaryFolder } from '../source/repositories.ts'

const never = new AbortController().signal
const programs = (say: string) => ({
  'bin/detect': '#!/bin/sh\necho Git\n',
  'bin/compile': `#!/bin/sh\necho ${say}\n`,
})

function makeExecutable(folder: string): void {
  for (const name of ['detect', 'compile']) chmodSync(path.join(folder, 'bin', name), 0o755)
}

function setUp() {
  const home = temporaryFolder()
  const roots = path.join(home, 'roots')
  const repository = makeRepository(path.join(roots, 'pack'))
  const options = { directory: path.join(home, 'packs'), sourceRoots: [roots], privateHosts: ['127.0.0.1'] }
  const commit = (say: string) => {
    repository.commit(programs(say))
    makeExecutable(repository.folder)
    return repository.commit({ version: say })
  }
  return { home, roots, repository, options, commit }
}

const fetchWith = (packs: ReturnType<typeof hostPacks>, url: string, ref: string | null = null) =>
  packs.fetch({ url, ref, credentials: null }, never)

describe('a buildpack in a repository', () => {
  test('is pinned: the default branch, a branch, a tag, an older commit', async () => {
    const { repository, options, commit } = setUp()
    const one = commit('one')
    repository.git('tag', 'v1')
    const two = commit('two')
    repository.git('branch', 'next')
    const three = commit('three')
    const packs = hostPacks(options)
    const url = repository.folder
    for (const [ref, sha, say] of [
      [null, three, 'three'],
      ['next', two, 'two'],
      ['v1', one, 'one'],
      [two, two, 'two'],
    ] as const) {
      expect(await fetchWith(packs, url, ref), String(ref)).toBe(sha)
      const opened = await packs.open(url, sha)
      expect(readFileSync(path.join(opened!.directory, 'version'), 'utf8')).toBe(say)
      expect(statSync(path.join(opened!.directory, 'bin/compile')).mode & 0o777).toBe(0o755)
    }
    await expect(fetchWith(packs, url, 'absent')).rejects.toMatchObject({ code: 'RefNotFound' })
  })

  test('is fetched once for a commit', async () => {
    const { home, repository, options, commit } = setUp()
    const sha = commit('one')
    const packs = hostPacks(options)
    const pins = await Promise.all([1, 2, 3].map(() => fetchWith(packs, repository.folder)))
    expect(pins).toEqual([sha, sha, sha])
    const { directory } = (await packs.open(repository.folder, sha))!
    writeFileSync(path.join(directory, 'mark'), '')
    await fetchWith(packs, repository.folder)
    expect(readdirSync(path.join(home, 'packs/trees'))).toHaveLength(1)
    expect(readdirSync(directory)).toContain('mark')
  })

  test('of other credentials is not found in what somebody else has fetched', async () => {
    const { repository, options, commit } = setUp()
    const sha = commit('one')
    const served = path.dirname(repository.folder)
    const login = { username: 'ada', password: 'token' }
    const server = await serveRepositories(served, login)
    const packs = hostPacks({ ...options, caFile: server.caFile })
    const url = `https://127.0.0.1:${server.port}/pack/.git`
    expect(await packs.fetch({ url, ref: sha, credentials: login }, never)).toBe(sha)
    await expect(fetchWith(packs, url, sha)).rejects.toMatchObject({ code: 'RepositoryUnreachable' })
  })
})

describe('a buildpack as an archive', () => {
  async function served(make: (folder: string) => void, archive = ['-C', 'pack', '.']) {
    const home = temporaryFolder()
    makeRepository(path.join(home, 'served'))
    const folder = path.join(home, 'pack')
    mkdirSync(path.join(folder, 'bin'), { recursive: true })
    for (const [name, content] of Object.entries(programs('it')))
      writeFileSync(path.join(folder, name), content)
    makeExecutable(folder)
    make(folder)
    execFileSync('tar', ['-czf', 'pack.tgz', ...archive], { cwd: home })
    const bytes = readFileSync(path.join(home, 'pack.tgz'))
    const server = await serveRepositories(path.join(home, 'served'))
    server.intercept = (request, response) => {
      if (request.url === '/moved.tgz') response.writeHead(302, { location: '/pack.tgz' }).end()
      else if (request.url === '/away.tgz')
        response.writeHead(302, { location: 'http://127.0.0.1:1/pack.tgz' }).end()
      else if (request.url === '/inner.tgz')
        response.writeHead(302, { location: 'https://[::1]:1/pack.tgz' }).end()
      else response.end(bytes)
      return true
    }
    const options = { directory: path.join(home, 'packs'), sourceRoots: [], caFile: server.caFile }
    const packs = (privateHosts = ['127.0.0.1']) => hostPacks({ ...options, privateHosts })
    const at = (name: string) => `https://127.0.0.1:${server.port}/${name}`
    return { packs, at }
  }

  test.for([
    ['at its top', ['-C', 'pack', '.']],
    ['in its one folder', ['pack']],
  ] as const)('has its files %s', async ([, archive]) => {
    const { packs, at } = await served(() => {}, [...archive])
    const pin = await fetchWith(packs(), at('pack.tgz'))
    expect(pin).toMatch(/^sha256:[0-9a-f]{64}$/)
    const opened = await packs().open(at('pack.tgz'), pin)
    expect(readdirSync(path.join(opened!.directory, 'bin'))).toEqual(['compile', 'detect'])
    expect(opened!.hasRelease).toBe(false)
    expect(await fetchWith(packs(), at('moved.tgz'))).toBe(pin)
  })

  test('is fetched only from addresses that are allowed, also after a redirect', async () => {
    const { packs, at } = await served(() => {})
    for (const [name, allowed, message] of [
      ['pack.tgz', [], 'not a public address'],
      ['away.tgz', ['127.0.0.1'], 'no https url'],
      ['inner.tgz', ['127.0.0.1'], 'not a public address'],
    ] as const)
      await expect(fetchWith(packs([...allowed]), at(name)), name).rejects.toMatchObject({
        code: 'RepositoryUnreachable',
        message: expect.stringContaining(message),
      })
  })

  test('with a link that leads out of it is refused', async () => {
    const { packs, at } = await served((folder) => symlinkSync('/etc/passwd', path.join(folder, 'leak')))
    await expect(fetchWith(packs(), at('pack.tgz'))).rejects.toMatchObject({ code: 'SourceRejected' })
  })
})

describe('a buildpack in a plain folder', () => {
  test('has another pin once something in it changes', async () => {
    const { roots, options } = setUp()
    const folder = path.join(roots, 'plain')
    mkdirSync(path.join(folder, 'bin'), { recursive: true })
    for (const [name, content] of Object.entries(programs('it')))
      writeFileSync(path.join(folder, name), content)
    chmodSync(folder, 0o700)
    chmodSync(path.join(folder, 'bin'), 0o700)
    const packs = hostPacks(options)
    await expect(fetchWith(packs, folder), 'not executable').rejects.toMatchObject({ code: 'SourceRejected' })
    makeExecutable(folder)
    const umask = process.umask(0o077)
    const first = await fetchWith(packs, folder).finally(() => process.umask(umask))
    const { directory } = (await packs.open(folder, first))!
    const modes = ['', 'bin', 'bin/detect'].map((name) => statSync(path.join(directory, name)).mode & 0o777)
    expect(modes, 'whatever the umask').toEqual([0o755, 0o755, 0o755])
    expect(await fetchWith(packs, folder)).toBe(first)
    writeFileSync(path.join(folder, 'more'), 'x')
    expect(await fetchWith(packs, folder)).not.toBe(first)
    await expect(fetchWith(packs, folder, 'main')).rejects.toMatchObject({ code: 'RefNotFound' })
  })

  test('is refused with a link that leads out of it, or outside the roots', async () => {
    const { home, roots, options } = setUp()
    const folder = path.join(roots, 'plain')
    mkdirSync(path.join(folder, 'bin'), { recursive: true })
    for (const [name, content] of Object.entries(programs('it')))
      writeFileSync(path.join(folder, name), content)
    makeExecutable(folder)
    symlinkSync('../../secret', path.join(folder, 'leak'))
    symlinkSync(home, path.join(roots, 'out'))
    const packs = hostPacks(options)
    await expect(fetchWith(packs, folder)).rejects.toMatchObject({ code: 'SourceRejected' })
    for (const url of [home, '/etc', path.join(roots, 'out'), path.join(roots, 'absent')])
      await expect(fetchWith(packs, url), url).rejects.toMatchObject({ code: 'RepositoryUnreachable' })
  })
})
