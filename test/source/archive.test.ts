import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { archiveSource } from '../../adapters/source/archive/index.ts'
import { tarOf, zipOf } from './archives.ts'
import { temporaryFolder } from './repositories.ts'

const mebibyte = 1024 ** 2

function setUp(limit = 64 * mebibyte) {
  const root = temporaryFolder()
  const directory = path.join(root, 'archives')
  const archives = archiveSource({ directory, limit, privateHosts: [] })
  const from = { serviceId: 'shop', url: 'https://git.example.com/shop.git', credentials: null }
  const upload = async (content: Buffer, name = 'app') => {
    const received = await archives.receive('shop', inPieces(content))
    try {
      return await received.keep(name)
    } finally {
      await received.discard()
    }
  }
  /** Everything that lies below the folder of the archives. */
  const left = () =>
    (readdirSync(directory, { recursive: true }) as string[]).filter((one) =>
      statSync(path.join(directory, one)).isFile(),
    )
  const deploy = async (content: Buffer) => {
    const { id } = await upload(content)
    const out = path.join(root, 'release')
    mkdirSync(out, { recursive: true })
    await archives.export(from, id, out)
    return out
  }
  return { root, directory, archives, from, upload, left, deploy }
}

async function* inPieces(content: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += 65_536) yield content.subarray(at, at + 65_536)
}

const listing = (folder: string) =>
  (readdirSync(folder, { recursive: true }) as string[])
    .filter((one) => !lstatSync(path.join(folder, one)).isDirectory())
    .toSorted()

const small = [
  { path: 'shop-1/', type: '5', mode: 0o755 },
  { path: 'shop-1/package.json', content: '{"scripts":{"start":"node ."}}' },
  { path: 'shop-1/bin/run', content: '#!/bin/sh\n', mode: 0o4755 },
]
const smallZip = small.map(({ path: at, content, mode }) => ({
  path: at,
  content: content ?? '',
  mode: (at.endsWith('/') ? 0o040000 : 0o100000) | (mode ?? 0o644),
}))

describe('an archive that is deployed', () => {
  it.each([
    ['tar', () => tarOf(small)],
    ['tar.gz', () => gzipSync(tarOf(small))],
    ['tar.zst', () => zstdCompressSync(tarOf(small))],
    ['zip', () => zipOf(smallZip)],
  ])('may be a %s: told apart by content, one folder around it is taken off', async (_, make) => {
    const { archives, from, upload, deploy, root } = setUp()
    const content = make()
    const facts = await upload(content, 'shop.any')
    expect(facts).toEqual({
      id: `sha256:${createHash('sha256').update(content).digest('hex')}`,
      name: 'shop.any',
      bytes: content.length,
      files: 2,
    })
    expect(await archives.resolve(from, facts.id)).toEqual({
      sha: facts.id,
      message: 'shop.any (2 files, 1 KiB)'.replace('1 KiB', `${Math.ceil(content.length / 1024)} KiB`),
    })
    expect(await archives.readTree(from, facts.id, (file) => file.endsWith('package.json'))).toEqual({
      paths: ['bin/run', 'package.json'],
      files: { 'package.json': small[1]!.content },
    })
    const out = await deploy(content)
    expect(listing(out)).toEqual(['bin/run', 'package.json'])
    expect(statSync(path.join(out, 'bin/run')).mode & 0o7777).toBe(0o755)
    expect(statSync(path.join(out, 'package.json')).mode & 0o7777).toBe(0o644)
    expect(readdirSync(root).toSorted()).toEqual(['archives', 'release'])
  })

  it('may be what tar of the system makes, with links and long names', async () => {
    const { root, deploy } = setUp()
    const tree = path.join(root, 'tree')
    const deep = path.join(tree, 'd'.repeat(120), 'e'.repeat(120))
    mkdirSync(deep, { recursive: true })
    writeFileSync(path.join(deep, 'ä.txt'), 'deep')
    writeFileSync(path.join(tree, 'big'), Buffer.alloc(3 * mebibyte, 'x'))
    execFileSync('/bin/sh', ['-c', 'ln -s big soft; ln big hard; ln -s nowhere dangling'], { cwd: tree })
    const out = await deploy(
      execFileSync('tar', ['-czf', '-', '-C', tree, '.'], { maxBuffer: 32 * mebibyte }),
    )
    expect(listing(out)).toEqual([
      'big',
      'dangling',
      `${'d'.repeat(120)}/${'e'.repeat(120)}/ä.txt`,
      'hard',
      'soft',
    ])
    expect(readlinkSync(path.join(out, 'soft'))).toBe('big')
    expect(readFileSync(path.join(out, 'hard')).equals(Buffer.alloc(3 * mebibyte, 'x'))).toBe(true)
    expect(statSync(path.join(out, 'hard')).nlink).toBe(1)
  })

  it('loses what a repository keeps for itself, and what macOS adds', async () => {
    const { deploy } = setUp()
    const out = await deploy(
      zipOf([
        { path: 'app/index.html', content: 'hello' },
        { path: 'app/.git/config', content: '[core]\n\tfsmonitor = touch /tmp/owned\n' },
        { path: 'app/sub/.GIT/hooks/post-checkout', content: 'touch /tmp/owned' },
        { path: 'app/.gitignore', content: 'x' },
        { path: '__MACOSX/app/._index.html', content: 'x' },
      ]),
    )
    expect(listing(out)).toEqual(['.gitignore', 'index.html'])
  })

  it('keeps its folders where there are several, and a module of Go loses its whole name', async () => {
    const { deploy } = setUp()
    expect(listing(await deploy(tarOf([{ path: 'a/x' }, { path: 'b/y' }])))).toEqual(['a/x', 'b/y'])
    const go = zipOf([
      { path: 'github.com/acme/shop@v1.2.3/go.mod', content: 'module github.com/acme/shop' },
      { path: 'github.com/acme/shop@v1.2.3/cmd/shop/main.go', content: 'package main' },
    ])
    expect(listing(await deploy(go))).toEqual(['cmd/shop/main.go', 'go.mod'])
  })

  it('stays as it is when it is a program of Java', async () => {
    const { archives, from, upload, deploy } = setUp()
    const manifest = (text: string) => ({
      path: 'META-INF/MANIFEST.MF',
      content: `Manifest-Version: 1.0\r\n${text}`,
    })
    // Jars often hold a name twice; nothing of it is written.
    const jar = zipOf([
      manifest('Main-Class: a.B\r\n'),
      { path: 'META-INF/LICENSE' },
      { path: 'META-INF/license' },
    ])
    const war = zipOf([manifest(''), { path: 'WEB-INF/web.xml', content: '<web-app/>' }])
    const library = zipOf([manifest(''), { path: 'a/B.class' }])
    expect(listing(await deploy(jar))).toEqual(['app.jar'])
    const out = await deploy(war)
    expect(readFileSync(path.join(out, 'app.war')).equals(war)).toBe(true)
    const { id } = await upload(war)
    expect(await archives.readTree(from, id, () => true)).toEqual({ paths: ['app.war'], files: {} })
    expect(listing(await deploy(library))).toEqual(['META-INF/MANIFEST.MF', 'a/B.class'])
  })
})

const ofOne = (path: string, more = {}) =>
  tarOf([
    { path: 'ok', content: 'ok' },
    { path, ...more },
  ])
const deepPath = `${'a/'.repeat(5000)}b`

describe('an archive that is refused leaves nothing behind', () => {
  const bomb = deflateRawSync(Buffer.alloc(35 * mebibyte))
  const sum = 0
  it.each<[string, 'malformed' | 'rejected' | 'tooLarge', RegExp, () => Buffer]>([
    ['a path that leads out', 'rejected', /\.\.\/\.\.\/x .*leads out/, () => ofOne('../../x')],
    ['one in the middle', 'rejected', /leads out/, () => ofOne('a/../../x')],
    ['an absolute path', 'rejected', /\/etc\/cron\.d\/x .*absolute/, () => ofOne('/etc/cron.d/x')],
    ['the same in a zip', 'rejected', /leads out/, () => zipOf([{ path: '../../x', content: 'x' }])],
    [
      'with the slashes of Windows',
      'rejected',
      /leads out/,
      () => zipOf([{ path: '..\\..\\x', content: 'x' }]),
    ],
    ['an absolute path in a zip', 'rejected', /absolute/, () => zipOf([{ path: '/etc/x', content: 'x' }])],
    ['a drive', 'rejected', /absolute/, () => zipOf([{ path: 'C:\\x', content: 'x' }])],
    [
      'a file through a symbolic link',
      'rejected',
      /in\/x goes through something that is not a folder/,
      () =>
        tarOf([{ path: 'in', type: '2', target: 'ok' }, { path: 'in/x', content: 'x' }, { path: 'ok/y' }]),
    ],
    [
      'a file through a symbolic link that comes later',
      'rejected',
      /not a folder/,
      () => tarOf([{ path: 'in/x', content: 'x' }, { path: 'in', type: '2', target: '/etc' }, { path: 'z' }]),
    ],
    [
      'a symbolic link that leads out',
      'rejected',
      /^leak .*leads out/,
      () => ofOne('leak', { type: '2', target: '/etc/passwd' }),
    ],
    [
      'one that climbs out',
      'rejected',
      /leads out/,
      () => ofOne('a/leak', { type: '2', target: '../../etc' }),
    ],
    [
      'one that leads out only once the folder around is taken off',
      'rejected',
      /leads out/,
      () => tarOf([{ path: 'top/x' }, { path: 'top/leak', type: '2', target: '../other' }]),
    ],
    [
      'a link behind a link',
      'rejected',
      /leads out/,
      () =>
        tarOf([
          { path: 'a/b/c' },
          { path: 'l', type: '2', target: 'a/b' },
          { path: 'm', type: '2', target: 'l/../../..' },
        ]),
    ],
    [
      'a link in a zip',
      'rejected',
      /^leak .*leads out/,
      () =>
        zipOf([
          { path: 'ok', content: 'x' },
          { path: 'leak', content: '/etc/passwd', mode: 0o120777 },
        ]),
    ],
    [
      'a hard link out',
      'rejected',
      /etc\/passwd is an absolute|absolute/,
      () => ofOne('hard', { type: '1', target: '/etc/passwd' }),
    ],
    [
      'a hard link to nothing',
      'rejected',
      /no file before it/,
      () => ofOne('hard', { type: '1', target: 'etc/passwd' }),
    ],
    ['a named pipe', 'rejected', /^pipe is a named pipe/, () => ofOne('pipe', { type: '6' })],
    ['a device', 'rejected', /^null is a device/, () => ofOne('null', { type: '3' })],
    [
      'a device in a zip',
      'rejected',
      /^null is a special file/,
      () => zipOf([{ path: 'null', mode: 0o020666 }]),
    ],
    ['a line end in a name', 'rejected', /a\\nb has a line end/, () => ofOne('a\nb')],
    ['an escape in a name', 'rejected', /a\\u001b\[2Jb has/, () => ofOne('a\u001b[2Jb')],
    [
      'a name twice',
      'rejected',
      /^a is in the archive twice/,
      () => tarOf([{ path: 'a' }, { path: 'b' }, { path: 'a' }]),
    ],
    [
      'names that differ in case',
      'rejected',
      /^f and F are the same/,
      () => tarOf([{ path: 'F' }, { path: 'f' }]),
    ],
    [
      'folders that differ in case',
      'rejected',
      /are the same/,
      () => tarOf([{ path: 'A/x' }, { path: 'a/y' }]),
    ],
    [
      'names that differ in their form',
      'rejected',
      /are the same/,
      () => tarOf([{ path: 'x/\u00e9' }, { path: 'x/e\u0301' }]),
    ],
    [
      'an encrypted zip',
      'rejected',
      /^secret is encrypted/,
      () => zipOf([{ path: 'secret', content: 'x', encrypted: true }]),
    ],
    ['a path 5,000 deep', 'tooLarge', /too long a path/, () => ofOne(deepPath)],
    [
      '10,001 entries',
      'tooLarge',
      /10000 entries/,
      () => gzipSync(tarOf(Array.from({ length: 10_001 }, (_, at) => ({ path: `f${at}` })))),
    ],
    [
      '10,001 entries in a zip',
      'tooLarge',
      /10000 entries/,
      () => zipOf(Array.from({ length: 10_001 }, (_, at) => ({ path: `f${at}` }))),
    ],
    [
      'a gzip bomb',
      'tooLarge',
      /expands to more/,
      () => gzipSync(tarOf([{ path: 'zeros', content: Buffer.alloc(90 * mebibyte) }])),
    ],
    [
      'a zip of 35 KB that says 5 GB',
      'tooLarge',
      /expands to more/,
      () =>
        zipOf(
          Array.from({ length: 150 }, (_, at) => ({
            path: `f${at}`,
            deflated: { bytes: deflateRawSync(Buffer.alloc(65_536)), size: 35 * mebibyte, sum },
          })),
        ),
    ],
    [
      'a zip whose parts say less than they are',
      'malformed',
      /damaged/,
      () => zipOf([{ path: 'zeros', deflated: { bytes: bomb, size: 1000, sum } }]),
    ],
    ['gzip in gzip', 'malformed', /no tar/, () => gzipSync(gzipSync(tarOf(small)))],
    ['a gzip of something else', 'malformed', /no tar/, () => gzipSync(Buffer.alloc(5000, 'x'))],
    [
      'a tar that is cut off',
      'malformed',
      /cut off/,
      () => tarOf([{ path: 'a', content: Buffer.alloc(5000) }]).subarray(0, 3000),
    ],
    [
      'a tar without its end',
      'malformed',
      /its end is missing/,
      () => tarOf([{ path: 'a', content: 'x' }], { end: false }),
    ],
    ['a gzip that is cut off', 'malformed', /cut off/, () => gzipSync(tarOf(small)).subarray(0, -20)],
    [
      'a gzip with another sum',
      'malformed',
      /damaged/,
      () => {
        const bytes = gzipSync(tarOf(small))
        bytes[bytes.length - 6]! ^= 255
        return bytes
      },
    ],
    [
      'a zstd that is cut off',
      'malformed',
      /cut off/,
      () => zstdCompressSync(tarOf([{ path: 'a', content: Buffer.alloc(200_000, 'abc') }])).subarray(0, -9),
    ],
    ['a zip that is cut off', 'malformed', /cut off/, () => zipOf(smallZip).subarray(0, -30)],
    [
      'a zip with another sum',
      'malformed',
      /sum of a is wrong/,
      () => zipOf([{ path: 'a', content: 'x', says: { sum: 1 } }]),
    ],
    [
      'a damaged tar',
      'malformed',
      /checksum/,
      () => {
        const bytes = tarOf([
          { path: 'a', content: 'x' },
          { path: 'b', content: 'y' },
        ])
        bytes[1024 + 5]! ^= 255
        return bytes
      },
    ],
    ['an empty body', 'malformed', /empty/, () => Buffer.alloc(0)],
    ['an empty tar', 'malformed', /empty/, () => tarOf([])],
    ['an empty zip', 'malformed', /empty/, () => zipOf([])],
    ['folders alone', 'malformed', /empty/, () => tarOf([{ path: 'a/', type: '5' }])],
    ['no archive', 'malformed', /no archive/, () => Buffer.from('<html>')],
  ])('%s', { timeout: 30_000 }, async (_, fault, message, make) => {
    const { upload, left } = setUp()
    await expect(upload(make())).rejects.toMatchObject({
      fault,
      message: expect.stringMatching(message) as string,
    })
    expect(left()).toEqual([])
  })

  it('one that is larger than the limit is cut off while it comes', async () => {
    const { archives, left } = setUp(mebibyte)
    let sent = 0
    async function* endless() {
      for (;;) {
        sent += 65_536
        yield Buffer.alloc(65_536)
      }
    }
    await expect(archives.receive('shop', endless())).rejects.toMatchObject({ fault: 'tooLarge' })
    expect(sent).toBeLessThan(2 * mebibyte)
    expect(left()).toEqual([])
  })
})

describe('archives that are kept', () => {
  it('are told apart by service, and forgotten with it', async () => {
    const { archives, from, upload } = setUp()
    const { id } = await upload(tarOf(small))
    await expect(archives.resolve({ ...from, serviceId: 'other' }, id)).rejects.toMatchObject({
      code: 'ArchiveGone',
    })
    await archives.forget('shop')
    await expect(archives.probe(from, id)).rejects.toMatchObject({ code: 'ArchiveGone' })
  })

  it('go when nothing needs them, but never the recent ones', async () => {
    const { archives, directory, upload } = setUp()
    const ids: string[] = []
    for (let at = 0; at < 9; at++) {
      const { id } = await upload(tarOf([{ path: `version-${at}`, content: 'x' }]))
      ids.push(id)
      const twoHoursAgo = Date.now() / 1000 - 7200 + at
      utimesSync(path.join(directory, 'shop', id.slice(7)), twoHoursAgo, twoHoursAgo)
    }
    expect(await archives.prune('shop', [ids[1]!])).toBe(3)
    const kept = readdirSync(path.join(directory, 'shop'))
    expect(ids.map((id) => kept.includes(id.slice(7)))).toEqual([
      false,
      true,
      false,
      false,
      true,
      true,
      true,
      true,
      true,
    ])
    expect(kept).toHaveLength(12)
  })

  it('of a process that died in the middle go with the next one', async () => {
    const { directory, upload } = setUp()
    mkdirSync(path.join(directory, '.incoming'), { recursive: true })
    const dead = path.join(directory, '.incoming', 'shop.dead')
    writeFileSync(dead, 'half')
    utimesSync(dead, 1, 1)
    await upload(tarOf(small))
    expect(existsSync(dead)).toBe(false)
  })
})
