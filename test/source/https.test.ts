import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { gitSource, type GitSourceOptions } from '../../adapters/source/git/index.ts'
import { commandLinesWith, hangAtPost, serveRepositories, untilGone } from './git-server.ts'
import { makeRepository, temporaryFolder } from './repositories.ts'

async function setUp(login?: { username: string; password: string }) {
  const root = temporaryFolder()
  const served = path.join(root, 'served')
  const repository = makeRepository(path.join(served, 'shop'))
  const sha = repository.commit({ a: 'over https' }, 'first')
  const server = await serveRepositories(served, login)
  const mirrors = path.join(root, 'mirrors')
  const make = (more: Partial<GitSourceOptions> = {}) =>
    gitSource({ mirrors, sourceRoots: [], privateHosts: ['127.0.0.1'], caFile: server.caFile, ...more })
  const from = {
    serviceId: 'shop',
    url: `https://127.0.0.1:${server.port}/shop/.git`,
    credentials: login ?? null,
  }
  return { root, served, repository, sha, server, mirrors, make, source: make(), from }
}

const linux = process.platform === 'linux'

describe('a repository over https', () => {
  it('is resolved, exported and read', async () => {
    const { root, sha, source, from } = await setUp()
    expect(await source.resolve(from, 'main')).toEqual({ sha, message: 'first' })
    await source.export(from, sha, path.join(root, 'out'))
    expect(readFileSync(path.join(root, 'out', 'a'), 'utf8')).toBe('over https')
    expect((await source.readTree(from, sha, () => true)).files).toEqual({ a: 'over https' })
  })

  it('takes an older commit by its full id', async () => {
    const { repository, sha, source, from } = await setUp()
    repository.commit({ a: 'newer' })
    expect((await source.resolve(from, sha)).sha).toBe(sha)
  })

  it('fetches the commit alone, without its history', async () => {
    const { repository, mirrors, source, from } = await setUp()
    repository.commit({ a: 'newer' })
    await source.resolve(from, 'main')
    expect(
      readFileSync(path.join(mirrors, 'shop.git', 'shallow'), 'utf8')
        .trim()
        .split('\n'),
    ).toHaveLength(1)
  })

  it('connects to the addresses that were checked, whatever the name means to others', async () => {
    const { sha, server, make, from } = await setUp()
    const source = make({
      privateHosts: [`forge.test:${server.port}`],
      lookup: async () => [{ address: '127.0.0.1', family: 4 }],
    })
    const url = `https://forge.test:${server.port}/shop/.git`
    expect((await source.resolve({ ...from, url }, 'main')).sha).toBe(sha)
  })

  it('is refused when one of its addresses is private, before anything is sent', async () => {
    const { server, make, from } = await setUp()
    const source = make({
      privateHosts: [],
      lookup: async () => [
        { address: '93.184.216.34', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    })
    const url = `https://forge.test:${server.port}/shop/.git`
    await expect(source.resolve({ ...from, url }, 'main')).rejects.toMatchObject({
      code: 'RepositoryUnreachable',
      message: expect.stringContaining('SLUICE_PRIVATE_HOSTS') as string,
    })
    expect(server.requests).toEqual([])
  })

  it('says that the certificate is not trusted, and which setting trusts it', async () => {
    const { make, from } = await setUp()
    await expect(make({ caFile: undefined }).probe(from, 'main')).rejects.toMatchObject({
      code: 'RepositoryUnreachable',
      message: expect.stringContaining('SLUICE_CA_FILE') as string,
    })
  })

  it('says that there is no repository', async () => {
    const { source, from } = await setUp()
    await expect(
      source.resolve({ ...from, url: from.url.replace('shop', 'absent') }, 'main'),
    ).rejects.toMatchObject({
      code: 'RepositoryUnreachable',
      message: expect.stringContaining('There is no repository') as string,
    })
  })

  it('says that nothing listens there', async () => {
    const { source, from } = await setUp()
    await expect(source.resolve({ ...from, url: 'https://127.0.0.1:1/x' }, 'main')).rejects.toMatchObject({
      code: 'RepositoryUnreachable',
    })
  })

  it('does not follow a redirect to another host', async () => {
    const { server, source, from } = await setUp()
    const other = await setUp()
    server.intercept = (request, response) => {
      response.writeHead(302, { Location: `https://127.0.0.1:${other.server.port}${request.url}` }).end()
      return true
    }
    await expect(source.resolve(from, 'main')).rejects.toMatchObject({
      code: 'RepositoryUnreachable',
      message: expect.stringContaining('redirect') as string,
    })
    expect(other.server.requests).toEqual([])
  })
})

describe('credentials', () => {
  const login = { username: 'deploy', password: `tok${randomBytes(8).toString('hex')}@:/%` }

  it('are handed over when the server asks, and stand in no command line and no file', async () => {
    const { sha, server, mirrors, source, from } = await setUp(login)
    const seen: string[] = []
    server.intercept = () => {
      if (linux) seen.push(...commandLinesWith(login.password))
      return false
    }
    expect((await source.resolve(from, 'main')).sha).toBe(sha)
    expect(seen).toEqual([])
    const files = readdirSync(mirrors, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    )
    expect(files.length).toBeGreaterThan(5)
    for (const file of files) {
      expect(readFileSync(path.join(file.parentPath, file.name), 'latin1')).not.toContain(login.password)
    }
  })

  it('that are missing are asked for', async () => {
    const { source, from } = await setUp(login)
    await expect(source.resolve({ ...from, credentials: null }, 'main')).rejects.toMatchObject({
      code: 'RepositoryUnreachable',
      message: expect.stringContaining('asks for credentials') as string,
    })
  })

  it('that are wrong are refused, and are not repeated in the message', async () => {
    const { server, source, from } = await setUp(login)
    const wrong = { username: 'deploy', password: 'guessed-secret' }
    const basic = Buffer.from('deploy:guessed-secret').toString('base64')
    const refusal = await source
      .resolve({ ...from, credentials: wrong }, 'main')
      .catch((error: unknown) => error)
    expect(refusal).toMatchObject({
      code: 'RepositoryUnreachable',
      message: expect.stringContaining('refuses the credentials') as string,
    })
    server.intercept = (_, response) => {
      response.writeHead(500, `you said ${wrong.password} ${basic} \u009b31m`).end()
      return true
    }
    const echoed: unknown = await source
      .resolve({ ...from, credentials: wrong }, 'main')
      .catch((error: unknown) => error)
    for (const error of [refusal, echoed]) {
      expect(String(error)).not.toContain(wrong.password)
      expect(String(error)).not.toContain(basic)
    }
  })
})

describe('a fetch that does not end well', () => {
  it.each([
    ['refs are listed', 1],
    ['the pack is sent', 2],
  ])('is ended with its whole process group when it is canceled while %s', async (_, nth) => {
    const { server, mirrors, source, from } = await setUp()
    const arrived = hangAtPost(server, nth)
    const canceling = new AbortController()
    const resolving = source.resolve(from, 'main', canceling.signal).catch((error: unknown) => error)
    await arrived
    const reason = new Error('cancel')
    canceling.abort(reason)
    expect(await resolving).toBe(reason)
    if (linux) await untilGone(mirrors)
  })

  it('is a failure that names the repository when the server hangs up, and the next one works', async () => {
    const { repository, server, source, from, root } = await setUp()
    const sha = repository.commit({ noise: randomBytes(300_000).toString('base64') })
    const real = server.intercept
    server.intercept = (request, response) => {
      if (request.method !== 'POST') return false
      const write = response.write.bind(response)
      let sent = 0
      // A part of the pack arrives, then the line is cut.
      response.write = ((chunk: Buffer) => {
        sent += chunk.length
        if (sent > 100_000) response.destroy()
        return write(chunk)
      }) as typeof response.write
      return false
    }
    await expect(source.resolve(from, 'main')).rejects.toMatchObject({
      code: 'RepositoryUnreachable',
      message: expect.stringContaining(from.url) as string,
    })
    server.intercept = real
    expect((await source.resolve(from, 'main')).sha).toBe(sha)
    mkdirSync(path.join(root, 'out'))
    await source.export(from, sha, path.join(root, 'out'))
  })
})
