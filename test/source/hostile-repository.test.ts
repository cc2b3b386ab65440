import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { gitSource } from '../../adapters/source/git/index.ts'
import { makeRepository, temporaryFolder } from './repositories.ts'

/** `allowed` is the only root; `elsewhere` holds what must not be handed out. */
function setUp() {
  const root = temporaryFolder()
  const allowed = path.join(root, 'allowed')
  const elsewhere = path.join(root, 'elsewhere')
  mkdirSync(allowed)
  mkdirSync(elsewhere)
  const source = gitSource({ mirrors: path.join(root, 'mirrors'), sourceRoots: [allowed], privateHosts: [] })
  const resolve = (url: string, ref = 'main') =>
    source.resolve({ serviceId: 'shop', url, credentials: null }, ref)
  const canary = path.join(root, 'canary')
  const payload = path.join(root, 'payload')
  writeFileSync(payload, `#!/bin/sh\ntouch '${canary}'\nexec "$@"\n`)
  chmodSync(payload, 0o755)
  return { root, allowed, elsewhere, source, resolve, canary, payload }
}

const unreachable = { code: 'RepositoryUnreachable' }

describe('the configuration of a local repository', () => {
  it('runs nothing: no pack hook, no fsmonitor, no hook, no remote of a partial clone', async () => {
    const { allowed, source, canary, payload } = setUp()
    const repository = makeRepository(path.join(allowed, 'shop'))
    const sha = repository.commit({ a: '1' })
    const hooks = path.join(repository.folder, '.git', 'hooks')
    mkdirSync(hooks, { recursive: true })
    for (const hook of ['post-checkout', 'reference-transaction', 'post-index-change', 'pre-auto-gc']) {
      symlinkSync(payload, path.join(hooks, hook))
    }
    for (const [name, value] of [
      ['uploadpack.packObjectsHook', payload],
      ['core.fsmonitor', payload],
      ['core.hooksPath', hooks],
      ['core.sshCommand', payload],
      ['core.alternateRefsCommand', payload],
      ['remote.origin.url', `ext::${payload}`],
      ['remote.origin.uploadpack', payload],
      ['remote.origin.promisor', 'true'],
      ['remote.origin.partialclonefilter', 'blob:none'],
    ]) {
      repository.git('config', name!, value!)
    }
    repository.git('config', 'core.repositoryFormatVersion', '1')
    repository.git('config', 'extensions.partialClone', 'origin')
    const from = { serviceId: 'shop', url: repository.folder, credentials: null }
    expect((await source.resolve(from, 'main')).sha).toBe(sha)
    await source.export(from, sha, path.join(allowed, 'out'))
    expect(readdirSync(path.join(allowed, 'out'))).toEqual(['a'])
    expect(existsSync(canary)).toBe(false)
  })

  it('a blob that a partial clone lacks is not fetched from the remote it names', async () => {
    const { allowed, resolve, canary, payload } = setUp()
    const repository = makeRepository(path.join(allowed, 'shop'))
    repository.commit({ a: 'the only copy' })
    const blob = repository.git('rev-parse', 'HEAD:a')
    renameSync(path.join(repository.folder, '.git/objects', blob.slice(0, 2)), path.join(allowed, 'gone'))
    repository.git('config', 'core.repositoryFormatVersion', '1')
    repository.git('config', 'extensions.partialClone', 'origin')
    repository.git('config', 'remote.origin.url', `ext::${payload}`)
    await expect(resolve(repository.folder)).rejects.toBeInstanceOf(Error)
    expect(existsSync(canary)).toBe(false)
  })

  it.runIf(process.getuid?.() === 0)(
    'a repository that belongs to another user can be deployed',
    async () => {
      const { allowed, resolve } = setUp()
      const repository = makeRepository(path.join(allowed, 'shop'))
      const sha = repository.commit({ a: '1' })
      for (const name of ['', '.git', '.git/HEAD', '.git/config'])
        chownSync(path.join(repository.folder, name), 65_534, 65_534)
      expect((await resolve(repository.folder)).sha).toBe(sha)
    },
  )
})

describe('a local repository outside the allowed folders', () => {
  it('is refused, and the answer does not tell whether it is there', async () => {
    const { elsewhere, resolve } = setUp()
    const secret = makeRepository(path.join(elsewhere, 'secret'))
    secret.commit({ a: '1' })
    const there: unknown = await resolve(secret.folder).catch((error: unknown) => error)
    const absent: unknown = await resolve(path.join(elsewhere, 'absent')).catch((error: unknown) => error)
    expect(there).toMatchObject(unreachable)
    expect(String(there).replace(secret.folder, '')).toBe(
      String(absent).replace(path.join(elsewhere, 'absent'), ''),
    )
  })

  it('is refused through .., a link, a .git file, a common folder, linked objects and an alternate', async () => {
    const { allowed, elsewhere, resolve } = setUp()
    const secret = makeRepository(path.join(elsewhere, 'secret'))
    secret.commit({ a: '1' })
    const secretGit = path.join(secret.folder, '.git')
    await expect(resolve(`${allowed}/../elsewhere/secret`)).rejects.toMatchObject(unreachable)

    symlinkSync(secret.folder, path.join(allowed, 'link'))
    await expect(resolve(path.join(allowed, 'link'))).rejects.toMatchObject(unreachable)

    mkdirSync(path.join(allowed, 'worktree'))
    writeFileSync(path.join(allowed, 'worktree', '.git'), `gitdir: ${secretGit}\n`)
    await expect(resolve(path.join(allowed, 'worktree'))).rejects.toMatchObject(unreachable)

    mkdirSync(path.join(allowed, 'inner'))
    symlinkSync(secretGit, path.join(allowed, 'inner', '.git'))
    await expect(resolve(path.join(allowed, 'inner'))).rejects.toMatchObject(unreachable)

    const common = makeRepository(path.join(allowed, 'common'))
    writeFileSync(path.join(common.folder, '.git', 'commondir'), secretGit)
    await expect(resolve(common.folder)).rejects.toMatchObject(unreachable)

    const linked = makeRepository(path.join(allowed, 'linked'))
    renameSync(path.join(linked.folder, '.git/objects'), path.join(linked.folder, '.git/objects-own'))
    symlinkSync(path.join(secretGit, 'objects'), path.join(linked.folder, '.git/objects'))
    await expect(resolve(linked.folder)).rejects.toMatchObject(unreachable)

    const alternate = makeRepository(path.join(allowed, 'alternate'))
    alternate.commit({ a: '1' })
    writeFileSync(path.join(alternate.folder, '.git/objects/info/alternates'), `${secretGit}/objects\n`)
    await expect(resolve(alternate.folder)).rejects.toMatchObject(unreachable)
  })

  it('a worktree, a bare repository and a file url inside the allowed folders are taken', async () => {
    const { allowed, resolve } = setUp()
    const repository = makeRepository(path.join(allowed, 'shop'))
    const sha = repository.commit({ a: '1' })
    repository.git('worktree', 'add', '-q', '-b', 'side', path.join(allowed, 'side'))
    repository.git('clone', '-q', '--bare', repository.folder, path.join(allowed, 'bare.git'))
    expect((await resolve(path.join(allowed, 'side'), 'side')).sha).toBe(sha)
    expect((await resolve(path.join(allowed, 'bare.git'))).sha).toBe(sha)
    expect((await resolve(`file://${repository.folder}`)).sha).toBe(sha)
  })
})

describe('a url that git could misread', () => {
  it.each([
    '--upload-pack=touch /tmp/P;',
    '--upload-pack=touch',
    'ext::sh -c touch% CANARY',
    'ext::sh',
    'fd::17',
    'file:///etc',
    'file://host/etc',
    '/srv/x',
    '../x',
    './x',
    'x',
    '',
    'http://example.com/x',
    'git://example.com/x',
    'ssh://-oProxyCommand=x/y',
    'ssh://a@-oProxyCommand=x/y',
    'ssh://-o@host/y',
    'ssh://host/-x',
    'ssh://host:99999/x',
    'ssh://user:password@host/x',
    'git@-host:x',
    'git@host:-x',
    'git@host:x;touch',
    'https://user:password@example.com/x',
    'https://example.com/x\n--upload-pack=x',
    'https://',
    'https://exa mple.com/x',
    'https://example.com/x?y',
  ])('%j is refused before git is started', async (url) => {
    const { root, resolve } = setUp()
    await expect(resolve(url.replace('CANARY', path.join(root, 'canary')))).rejects.toMatchObject(unreachable)
    expect(existsSync(path.join(root, 'canary'))).toBe(false)
  })

  it.each([
    'https://127.0.0.1/x',
    'https://0x7f000001/x',
    'https://127.1/x',
    'https://[::1]/x',
    'https://[::ffff:a9fe:a9fe]/x',
    'https://169.254.169.254/x',
    'https://100.64.0.1/x',
    'https://10.1.2.3/x',
    'https://0.0.0.0/x',
    'https://[fd00::1]/x',
    'ssh://git@0x7f000001/x',
    'git@127.0.0.1:x',
  ])('%s leads to a private address and is refused', async (url) => {
    const { resolve } = setUp()
    await expect(resolve(url)).rejects.toMatchObject({
      ...unreachable,
      message: expect.stringContaining('SLUICE_PRIVATE_HOSTS') as string,
    })
  })
})
