import { execFile } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { boundCaches } from '../../adapters/builder/native/caches/index.ts'
import { markInUse } from '../../adapters/builder/native/caches/in-use.ts'
import type { KeptCache } from '../../adapters/builder/native/caches/kept-caches.ts'
import { type CacheLimits, surplusOf } from '../../adapters/builder/native/caches/surplus.ts'
import { cacheUsageFile, type CacheUsage } from '../../contract/cache-usage.ts'
import { checkCaches } from '../../stack/doctor/caches.ts'
import { asRoot, testHost, until } from '../process/host.ts'
import { warnings } from '../process/warnings.ts'
import { withoutRoot } from '../process/without-root.ts'

const execute = promisify(execFile)

const cache = (id: string, bytes: number, usedAt: number, inUse = false): KeptCache => ({
  ...{ id, bytes, usedAt, inUse },
  serviceId: id.split('/')[0]!,
  folder: `/caches/${id}`,
})
const goneOf = (caches: KeptCache[], all: number, service: number) =>
  surplusOf(caches, { all, service }).map(({ id }) => id)

test('what was used least lately goes first, until each service and all together fit', () => {
  const caches = [
    cache('shop/production/cache/npm', 50, 3),
    cache('shop/staging/cache/npm', 50, 1),
    cache('blog/production/cache/npm', 60, 2),
    cache('blog/production/trees/a', 10, 9),
  ]
  expect(goneOf(caches, 0, 0)).toEqual([])
  expect(goneOf(caches, 170, 100)).toEqual([])
  expect(goneOf(caches, 169, 100)).toEqual(['shop/staging/cache/npm'])
  expect(goneOf(caches, 0, 69)).toEqual(['shop/staging/cache/npm', 'blog/production/cache/npm'])
  expect(goneOf(caches, 70, 0)).toEqual(['shop/staging/cache/npm', 'blog/production/cache/npm'])
})

test('what is in use never goes, though the limit is not met then', () => {
  const caches = [cache('shop/production/cache/npm', 50, 1, true), cache('shop/staging/cache/npm', 5, 2)]
  expect(goneOf(caches, 10, 10)).toEqual(['shop/staging/cache/npm'])
})

async function home() {
  const host = await testHost()
  const user = await host.users.userOf('shop', 'production')
  const caches = path.join(host.home, 'caches')
  const at = (id: string) => path.join(caches, id)
  return {
    caches,
    at,
    /** To a Sluice that is not root. */
    async handOver() {
      if (user) await execute('chown', ['-R', `${user.uid}:${user.gid}`, caches])
    },
    /** By that one. */
    boundWithoutRoot: async (limits: CacheLimits) =>
      (await withoutRoot(user, () => boundCaches(caches, limits))).map(({ id }) => id),
    /** A mebibyte of a cache, or of a tree, that was used so many seconds ago. */
    async fill(id: string, secondsAgo: number, file = 'content') {
      await mkdir(at(id), { recursive: true })
      await writeFile(path.join(at(id), file), Buffer.alloc(1024 ** 2, 1))
      const then = Date.now() / 1000 - secondsAgo
      await utimes(at(id), then, then)
      if (!id.includes('/cache/')) return
      const used = path.join(at(id), '../../.used')
      await writeFile(used, '')
      await utimes(used, then, then)
    },
  }
}
const limit = { all: 2.5 * 1024 ** 2, service: 0 }

test('caches are removed from the disk, oldest use first, and how much is left is noted', async () => {
  const { caches, at, fill } = await home()
  await fill('shop/production/cache/npm', 10)
  await fill('shop/production/trees/key', 300)
  await fill('blog/production/cache/go-mod', 200)
  const removed = await boundCaches(caches, limit)
  expect(removed.map(({ id }) => id)).toEqual(['shop/production/trees/key'])
  expect(await readdir(at('shop/production/trees'))).toEqual([])
  expect(await readdir(at('blog/production/cache'))).toEqual(['go-mod'])
  const usage = JSON.parse(await readFile(path.join(caches, cacheUsageFile), 'utf8')) as CacheUsage
  expect(usage).toMatchObject(limit)
  expect(usage.bytes / 1024 ** 2).toBeCloseTo(2, 0)
  expect(checkCaches({ home: path.dirname(caches) })).toMatchObject([
    { state: 'ok', detail: 'builds keep 2 MiB (at most 2 MiB, of one service no limit)' },
  ])
  expect((await readdir(caches)).filter((name) => name.startsWith('.removed'))).toEqual([])
  expect(await boundCaches(caches, limit)).toEqual([])
})

test('a job keeps the caches of its environment, and only those', async () => {
  const { caches, at, fill } = await home()
  await fill('shop/production/cache/npm', 300)
  await fill('shop/production/trees/key', 300)
  await fill('blog/production/cache/npm', 10)
  const ended = await markInUse(at('shop/production'), 'shop/production/1/install')
  expect((await boundCaches(caches, limit)).map(({ id }) => id)).toEqual(['blog/production/cache/npm'])
  await ended()
  // Its use has just ended, so it is the newest now.
  await fill('blog/production/cache/npm', 10)
  await utimes(at('shop/production/trees/key'), new Date(), new Date())
  expect((await boundCaches(caches, limit)).map(({ id }) => id)).toEqual(['blog/production/cache/npm'])
})

test('the archives that Plug and Play runs from stay', async () => {
  const { caches, fill } = await home()
  await fill('shop/production/cache/yarn', 300, 'left-pad-npm-1.3.0.zip')
  expect(await boundCaches(caches, { all: 1, service: 1 })).toEqual([])
})

test('a link in the place of a cache is no cache', async () => {
  const { caches, at, fill } = await home()
  await fill('shop/production/cache/npm', 300)
  const outside = path.join(caches, '../outside')
  await mkdir(outside)
  await writeFile(path.join(outside, 'kept'), '')
  await symlink(outside, at('shop/production/cache/pip'))
  await symlink(outside, path.join(at('shop/production/cache/npm'), 'link'))
  expect((await boundCaches(caches, { all: 1, service: 0 })).map(({ id }) => id)).toEqual([
    'shop/production/cache/npm',
  ])
  expect(await readdir(outside)).toEqual(['kept'])
})

const nothing = { all: 1, service: 0 }
const removedIn = async (caches: string) =>
  (await readdir(caches)).filter((name) => name.startsWith('.removed-'))

test('read-only folders, as Go makes them, are removed too by a Sluice that is not root', async () => {
  const { caches, at, fill, handOver, boundWithoutRoot } = await home()
  await fill('shop/production/cache/go-mod', 300)
  for (const id of ['shop/production/cache/go-mod/module', '.removed-earlier/module']) {
    await mkdir(at(id), { recursive: true })
    await writeFile(path.join(at(id), 'go.mod'), '')
    await chmod(at(id), 0o555)
  }
  await handOver()
  expect(await boundWithoutRoot(nothing)).toEqual(['shop/production/cache/go-mod'])
  expect(await readdir(at('shop/production/cache'))).toEqual([])
  expect(await removedIn(caches)).toEqual([])
})

// As a build leaves it that let a container write files of root.
test.runIf(asRoot)('what cannot be deleted is named once, and all else goes', async () => {
  const { caches, at, fill, handOver, boundWithoutRoot } = await home()
  await fill('shop/production/cache/npm', 300)
  await fill('shop/production/cache/pip', 300)
  for (const id of ['.removed-1', '.removed-2']) await mkdir(at(id), { recursive: true })
  await handOver()
  for (const id of ['.removed-1', 'shop/production/cache/npm']) {
    await mkdir(path.join(at(id), 'of-root'))
    await writeFile(path.join(at(id), 'of-root/file'), '')
  }
  const said = warnings()
  const removed = ['shop/production/cache/npm', 'shop/production/cache/pip']
  expect((await boundWithoutRoot(nothing)).toSorted()).toEqual(removed)
  expect(await boundWithoutRoot(nothing)).toEqual([])
  expect(await readdir(at('shop/production/cache'))).toEqual([])
  const left = await removedIn(caches)
  expect(left).toHaveLength(2)
  expect(left).toContain('.removed-1')
  await until(() => said.length >= left.length)
  const named = said.map((line) => line.replace(/ could not be deleted.*/, ''))
  expect(named.toSorted()).toEqual(left.map(at).toSorted())
})
