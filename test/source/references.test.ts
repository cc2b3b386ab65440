import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { gitSource } from '../../adapters/source/git/index.ts'
import { makeRepository, runGit, temporaryFolder } from './repositories.ts'

function setUp() {
  const root = temporaryFolder()
  const repository = makeRepository(path.join(root, 'shop'))
  const source = gitSource({ mirrors: path.join(root, 'mirrors'), sourceRoots: [root], privateHosts: [] })
  const from = { serviceId: 'shop', url: repository.folder, credentials: null }
  const shaOf = async (ref: string) => (await source.resolve(from, ref)).sha
  return { root, repository, source, from, shaOf }
}

describe('resolving a ref', () => {
  it('answers the commit of a branch with its message', async () => {
    const { repository, source, from } = setUp()
    const sha = repository.commit({ a: '1' }, 'first line\n\nand why: ünïcode')
    expect(await source.resolve(from, 'main')).toEqual({ sha, message: 'first line\n\nand why: ünïcode' })
  })

  it('sees a new commit of the branch', async () => {
    const { repository, shaOf } = setUp()
    const first = repository.commit({ a: '1' })
    expect(await shaOf('main')).toBe(first)
    const second = repository.commit({ a: '2' })
    expect(await shaOf('main')).toBe(second)
  })

  it('sees a branch that was forced back', async () => {
    const { repository, shaOf } = setUp()
    const first = repository.commit({ a: '1' })
    expect(await shaOf('main')).toBe(first)
    repository.git('commit', '--quiet', '--amend', '-m', 'other')
    expect(await shaOf('main')).toBe(repository.git('rev-parse', 'HEAD'))
  })

  it('peels an annotated tag to its commit', async () => {
    const { repository, shaOf } = setUp()
    const sha = repository.commit({ a: '1' })
    repository.git('tag', '-a', '-m', 'release', 'v1')
    repository.git('tag', 'light')
    expect(await shaOf('v1')).toBe(sha)
    expect(await shaOf('light')).toBe(sha)
    expect(await shaOf('refs/tags/v1')).toBe(sha)
  })

  it('takes the branch where a tag has the same name, and the tag when it is asked for in full', async () => {
    const { repository, shaOf } = setUp()
    const old = repository.commit({ a: '1' })
    repository.git('tag', 'main')
    const head = repository.commit({ a: '2' })
    expect(await shaOf('main')).toBe(head)
    expect(await shaOf('refs/heads/main')).toBe(head)
    expect(await shaOf('refs/tags/main')).toBe(old)
  })

  it('never takes a ref that only ends like the one asked for', async () => {
    const { repository, shaOf } = setUp()
    const old = repository.commit({ a: '1' })
    repository.git('tag', 'heads/main')
    repository.git('branch', 'feature/main')
    const head = repository.commit({ a: '2' })
    expect(await shaOf('heads/main')).toBe(old) // the tag of that name, not the branch main
    expect(await shaOf('main')).toBe(head)
    repository.git('branch', '-M', 'trunk')
    await expect(shaOf('main')).rejects.toMatchObject({ code: 'RefNotFound' })
  })

  it('a branch named like a full ref or like a commit does not take its place', async () => {
    const { repository, shaOf } = setUp()
    const first = repository.commit({ a: '1' })
    const head = repository.commit({ a: '2' })
    repository.git('update-ref', 'refs/heads/refs/heads/main', first)
    expect(await shaOf('refs/heads/main')).toBe(head)
    repository.git('update-ref', `refs/heads/${head}`, first)
    expect(await shaOf(head)).toBe(head)
  })

  it('takes the code of a pull request by its ref, and no branch of that name', async () => {
    const { repository, shaOf } = setUp()
    const first = repository.commit({ a: '1' })
    const head = repository.commit({ a: '2' })
    for (const ref of ['refs/pull/12/head', 'refs/merge-requests/12/head']) {
      repository.git('update-ref', `refs/heads/${ref}`, first)
      await expect(shaOf(ref)).rejects.toMatchObject({ code: 'RefNotFound' })
      repository.git('update-ref', ref, head)
      expect(await shaOf(ref)).toBe(head)
      expect(await shaOf(`refs/heads/${ref}`)).toBe(first)
    }
  })

  it('takes a full commit, also one that no branch points to', async () => {
    const { repository, shaOf } = setUp()
    const first = repository.commit({ a: '1' })
    repository.commit({ a: '2' })
    expect(await shaOf(first)).toBe(first)
    expect(await shaOf(first.toUpperCase())).toBe(first)
  })

  it('takes an abbreviated commit once the mirror has it', async () => {
    const { repository, shaOf } = setUp()
    const first = repository.commit({ a: '1' })
    await expect(shaOf(first.slice(0, 9))).rejects.toMatchObject({
      code: 'RefNotFound',
      message: expect.stringContaining('all 40 digits') as string,
    })
    await shaOf('main')
    expect(await shaOf(first.slice(0, 9))).toBe(first)
  })

  it('says which ref is missing, in an empty repository as well', async () => {
    const { repository, source, from, shaOf } = setUp()
    await expect(shaOf('main')).rejects.toMatchObject({
      code: 'RefNotFound',
      message: expect.stringContaining('main') as string,
    })
    repository.commit({ a: '1' })
    await expect(shaOf('a'.repeat(40))).rejects.toMatchObject({ code: 'RefNotFound' })
    await expect(source.probe(from, 'nope')).rejects.toMatchObject({ code: 'RefNotFound' })
    await expect(source.probe(from, 'main')).resolves.toMatch(/^[0-9a-f]{40}$/)
  })

  it('a tag of a file is no commit', async () => {
    const { repository, shaOf } = setUp()
    repository.commit({ a: '1' })
    repository.git('tag', 'file', 'HEAD:a')
    await expect(shaOf('file')).rejects.toMatchObject({ code: 'RefNotFound' })
  })

  const hostile = [
    '-x',
    '--exec=id',
    '--upload-pack=touch x',
    'a$(id)',
    'a`id`',
    'a;b',
    'a|b',
    'refs/heads/-x',
    '@',
    'a..b',
    'a b',
    'a:b',
    'a^{}',
    '',
  ]
  it.each(hostile)('refuses %j before git is started', async (ref) => {
    const { root, source, from } = setUp()
    await expect(source.resolve({ ...from, url: path.join(root, 'absent') }, ref)).rejects.toMatchObject({
      code: 'RefNotFound',
      message: expect.stringContaining('is not the name of') as string,
    })
    await expect(source.probe(from, ref)).rejects.toMatchObject({ code: 'RefNotFound' })
  })
})

describe('reading the tree of a commit', () => {
  it('lists every file and reads the detection files', async () => {
    const { repository, source, from } = setUp()
    repository.commit({ 'package.json': '{"name":"x"}', 'src/index.js': 'x', 'apps/web/package.json': '{}' })
    const { sha } = await source.resolve(from, 'main')
    const tree = await source.readTree(from, sha, (name) => name.endsWith('package.json'))
    expect(tree).toEqual({
      paths: ['apps/web/package.json', 'package.json', 'src/index.js'],
      files: { 'package.json': '{"name":"x"}', 'apps/web/package.json': '{}' },
    })
  })

  it('drops a byte order mark, follows links inside the tree, and leaves out what is too large', async () => {
    const { repository, source, from } = setUp()
    repository.commit({
      'config/Procfile': '\uFEFFweb: run\n',
      'big.json': ' '.repeat(1024 ** 2 + 1),
      ['__proto__']: 'p',
    })
    repository.git(
      'update-index',
      '--add',
      '--cacheinfo',
      `120000,${runGit(repository.folder, ['hash-object', '-w', '--stdin'], 'config/Procfile')},Procfile`,
    )
    repository.git('commit', '-qm', 'link')
    const { sha } = await source.resolve(from, 'main')
    const tree = await source.readTree(from, sha, () => true)
    expect(tree.paths).toEqual(['Procfile', '__proto__', 'big.json', 'config/Procfile'])
    expect(tree.files['Procfile']).toBe('web: run\n')
    expect(Object.keys(tree.files)).not.toContain('big.json')
    expect(Object.getOwnPropertyDescriptor(tree.files, '__proto__')?.value).toBe('p')
  })
})
