import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { gitSource } from '../../adapters/source/git/index.ts'
import { makeRepository, runGit, temporaryFolder, type Entry } from './repositories.ts'

function setUp() {
  const root = temporaryFolder()
  const repository = makeRepository(path.join(root, 'shop'))
  const source = gitSource({ mirrors: path.join(root, 'mirrors'), sourceRoots: [root], privateHosts: [] })
  const from = { serviceId: 'shop', url: repository.folder, credentials: null }
  const out = path.join(root, 'release', 'code')
  const exportRef = async (ref = 'main') => {
    const { sha } = await source.resolve(from, ref)
    await source.export(from, sha, out)
    return sha
  }
  return { root, repository, source, from, out, exportRef }
}

const canMount = process.getuid?.() === 0 && process.platform === 'linux'

function smallDisk(root: string): string {
  const small = path.join(root, 'small')
  mkdirSync(small)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', small])
  onTestFinished(() => void execFileSync('umount', [small]))
  return small
}

const modeOf = (file: string) => (lstatSync(file).mode & 0o7777).toString(8)

describe('exporting a commit', () => {
  it('writes exactly the files of the commit, and no .git', async () => {
    const { repository, out, exportRef } = setUp()
    repository.commit({ 'a.txt': 'one\n', 'src/deep/b.txt': 'two\n' })
    writeFileSync(path.join(repository.folder, 'untracked'), 'x')
    await exportRef()
    expect(
      readdirSync(out, { recursive: true, encoding: 'utf8' }).toSorted((a, b) => a.localeCompare(b)),
    ).toEqual(['a.txt', 'src', 'src/deep', 'src/deep/b.txt'])
    expect(readFileSync(path.join(out, 'src/deep/b.txt'), 'utf8')).toBe('two\n')
  })

  it('keeps the executable bit and nothing else of the modes, whatever the umask is', async () => {
    const { repository, out, exportRef } = setUp()
    const earlier = process.umask(0o077)
    onTestFinished(() => void process.umask(earlier))
    repository.commitEntries({
      plain: { mode: '100644', content: 'x' },
      group: { mode: '100664', content: 'x' },
      'bin/run': { mode: '100755', content: 'x' },
    })
    await exportRef().catch((error: unknown) => {
      // git's own check may refuse the group-writable file of another century; the others suffice then.
      expect(error).toMatchObject({ code: 'SourceRejected' })
      repository.commitEntries({
        plain: { mode: '100644', content: 'x' },
        'bin/run': { mode: '100755', content: 'x' },
      })
      return exportRef()
    })
    expect(modeOf(path.join(out, 'plain'))).toBe('644')
    expect(modeOf(path.join(out, 'bin/run'))).toBe('755')
    expect(modeOf(path.join(out, 'bin'))).toBe('755')
  })

  it('takes the place of the empty folder made for it, with its mode', async () => {
    const { repository, out, exportRef } = setUp()
    repository.commit({ a: '1' })
    mkdirSync(out, { recursive: true })
    chmodSync(out, 0o700)
    await exportRef()
    expect(modeOf(out)).toBe('700')
    expect(readdirSync(out)).toEqual(['a'])
  })

  it('is safe to repeat, and removes what a killed export left beside it', async () => {
    const { repository, out, exportRef } = setUp()
    repository.commit({ a: '1', b: '1' })
    await exportRef()
    writeFileSync(path.join(out, 'half'), 'x')
    mkdirSync(`${out}.export-0123456789ab`)
    await exportRef()
    expect(readdirSync(out).toSorted()).toEqual(['a', 'b'])
    expect(readdirSync(path.dirname(out))).toEqual(['code'])
  })

  it('converts nothing: line ends, $Id$, encodings and filters are left as committed', async () => {
    const { root, repository, out, exportRef } = setUp()
    const canary = path.join(root, 'canary')
    repository.git('config', 'filter.evil.smudge', `touch ${canary}`)
    repository.git('config', 'filter.evil.clean', 'cat')
    repository.commit({
      '.gitattributes': [
        'eol.txt text eol=crlf',
        'id.txt ident',
        'wide.txt working-tree-encoding=UTF-16',
        '*.bin filter=evil',
        'lfs.dat filter=lfs',
        'secret.txt export-ignore',
      ].join('\n'),
      'eol.txt': 'a\nb\n',
      'id.txt': '$Id$\n',
      'x.bin': 'x',
      'lfs.dat': 'version https://git-lfs.github.com/spec/v1\n',
      'secret.txt': 'kept: a build may need it\n',
    })
    await exportRef()
    expect(readFileSync(path.join(out, 'eol.txt'), 'utf8')).toBe('a\nb\n')
    expect(readFileSync(path.join(out, 'id.txt'), 'utf8')).toBe('$Id$\n')
    expect(readFileSync(path.join(out, 'lfs.dat'), 'utf8')).toContain('git-lfs')
    expect(existsSync(path.join(out, 'secret.txt'))).toBe(true)
    expect(existsSync(canary)).toBe(false)
  })

  it('keeps links that stay inside, also through other links', async () => {
    const { repository, out, exportRef } = setUp()
    repository.commitEntries({
      'lib/a': { mode: '100644', content: 'x' },
      current: { mode: '120000', content: 'lib' },
      'lib/up': { mode: '120000', content: '../current/a' },
      dangling: { mode: '120000', content: 'not/there' },
      loop: { mode: '120000', content: 'loop' },
    })
    await exportRef()
    expect(readlinkSync(path.join(out, 'lib/up'))).toBe('../current/a')
    expect(readFileSync(path.join(out, 'lib/up'), 'utf8')).toBe('x')
  })

  it('answers an aborted signal with its reason, and leaves nothing', async () => {
    const { repository, source, from, out } = setUp()
    const sha = repository.commit({ a: '1' })
    const reason = new Error('cancel')
    await expect(source.export(from, sha, out, AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(existsSync(out)).toBe(false)
  })

  it.runIf(canMount)('says DiskFull when the files do not fit, and gives the room back', async () => {
    const { root, repository, source, from } = setUp()
    const small = smallDisk(root)
    const big = repository.commit({ big: 'x'.repeat(3 * 1024 ** 2) })
    await expect(source.export(from, big, path.join(small, 'code'))).rejects.toMatchObject({
      code: 'DiskFull',
    })
    // Few bytes, but a block each: only writing them shows that they do not fit.
    repository.git('rm', '-q', 'big')
    const many = repository.commit(
      Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`f${i}`, String(i)])),
    )
    await expect(source.export(from, many, path.join(small, 'code'))).rejects.toMatchObject({
      code: 'DiskFull',
    })
    expect(readdirSync(small)).toEqual([])
  })

  it.runIf(canMount)('says DiskFull when the mirror does not fit, and gives the room back', async () => {
    const { root, repository, from } = setUp()
    const small = smallDisk(root)
    const source = gitSource({ mirrors: path.join(small, 'mirrors'), sourceRoots: [root], privateHosts: [] })
    repository.commit({ a: '1' })
    await source.resolve(from, 'main')
    const before = statfsSync(small).bfree
    repository.commit({ noise: randomBytes(3 * 1024 ** 2).toString('base64') })
    await expect(source.resolve(from, 'main')).rejects.toMatchObject({ code: 'DiskFull' })
    expect(statfsSync(small).bfree).toBeGreaterThan(before - 20)
    expect(() => writeFileSync(path.join(small, 'filler'), Buffer.alloc(3 * 1024 ** 2))).toThrow('ENOSPC')
    await expect(source.resolve(from, 'main')).rejects.toMatchObject({ code: 'DiskFull' })
  })
})

describe('a tree that is never deployed', () => {
  const link = (content: string): Entry => ({ mode: '120000', content })
  const file: Entry = { mode: '100644', content: 'x' }
  const rejected: Record<string, [Record<string, Entry>, string]> = {
    'an absolute link': [{ leak: link('/etc/passwd') }, 'leak'],
    'a link that climbs out': [{ 'a/leak': link('../../secret') }, 'a/leak'],
    'a link that climbs out through another': [
      { 'a/up': link('..'), 'a/b': file, leak: link('a/up/..') },
      'leak',
    ],
    'a link whose target is longer than a path': [{ leak: link('x/'.repeat(2000)) }, 'leak'],
    'a line end in a name': [{ 'a\nb': file }, String.raw`a\nb`],
    'an escape character in a name': [{ 'a\u001b]52;c;x': file }, 'a'],
    'a submodule': [
      { vendor: { mode: '160000', content: '1234567890123456789012345678901234567890' } },
      'Submodules are not supported',
    ],
    'a submodule whose path ends in CR': [
      { 'vendor\r': { mode: '160000', content: '1234567890123456789012345678901234567890' } },
      'vendor',
    ],
    'a path that is too long': [{ [`${`${'d'.repeat(250)}/`.repeat(13)}f`]: file }, 'longer path'],
  }
  it.each(Object.entries(rejected))('%s is refused by its name', async (_, [entries, named]) => {
    const { repository, source, from, out, exportRef } = setUp()
    const sha = repository.commitEntries(entries)
    await expect(exportRef()).rejects.toMatchObject({
      code: 'SourceRejected',
      message: expect.stringContaining(named) as string,
    })
    await expect(source.readTree(from, sha, () => true)).rejects.toMatchObject({ code: 'SourceRejected' })
    expect(existsSync(out)).toBe(false)
  })

  // git's own check of received objects.
  const unsound: Record<string, Record<string, Entry>> = {
    'a .git folder with a configuration': {
      '.git/config': { mode: '100644', content: '[core]\n\tfsmonitor = touch /tmp/canary\n' },
    },
    'a path with ..': { '../x': file },
    'a .gitmodules that is a link': { '.gitmodules': link('x') },
    'a submodule url that is an option': {
      '.gitmodules': { mode: '100644', content: '[submodule "x"]\n\tpath = x\n\turl = -u./payload\n' },
      x: { mode: '160000', content: '1234567890123456789012345678901234567890' },
    },
  }
  it.each(Object.entries(unsound))('%s is refused', async (_, entries) => {
    const { repository, out, exportRef } = setUp()
    repository.commitEntries(entries)
    await expect(exportRef()).rejects.toMatchObject({ code: 'SourceRejected' })
    expect(existsSync(out)).toBe(false)
  })

  it('a repository that expands without end is refused before it does', async () => {
    const { repository, exportRef } = setUp()
    let object = `100644 blob ${runGit(repository.folder, ['hash-object', '-w', '--stdin'], 'boom')}`
    for (let level = 0; level < 8; level++) {
      const lines = Array.from({ length: 10 }, (_, i) => `${object}\tf${i}\0`).join('')
      object = `040000 tree ${runGit(repository.folder, ['mktree', '-z'], lines)}`
    }
    const sha = repository.git('commit-tree', '-m', 'bomb', object.split(' ')[2]!)
    repository.git('update-ref', 'refs/heads/main', sha)
    await expect(exportRef()).rejects.toMatchObject({
      code: 'SourceRejected',
      message: expect.stringContaining('files') as string,
    })
  }, 60_000)
})
