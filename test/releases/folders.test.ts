import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { folderReleases } from '../../adapters/releases/folders/index.ts'
import type { ReleaseRef } from '../../contract/workflows.ts'
import type { LiveRelease, Releases } from '../../ports/releases.ts'
import { StaleFence } from '../../ports/router.ts'
import { asRoot, testHost, type TestHost, until } from '../process/host.ts'
import { warnings } from '../process/warnings.ts'
import { withoutRoot } from '../process/without-root.ts'

const release = (number: number, releaseNumber = number): ReleaseRef => ({
  serviceId: 'shop',
  environment: 'production',
  number,
  deploymentId: `shop.production.${number}`,
  releaseNumber,
})
const live = (number: number): LiveRelease => ({
  number,
  releaseNumber: number,
  instance: `shop/production/${number}`,
  port: 20_000 + number,
})
const fence = (deployment: number, revision = 0) => ({ deployment, revision })

async function bench(): Promise<
  TestHost & { directory: string; releases: Releases; again(): Promise<Releases> }
> {
  const host = await testHost()
  const directory = path.join(host.home, 'environments')
  const again = () => folderReleases({ directory, users: host.users })
  return { ...host, directory, releases: await again(), again }
}

const make = async (releases: Releases, number: number) =>
  (await releases.stage(release(number))).publish('source', {})

describe('a release', () => {
  test('is made aside, and is there at once and whole', async () => {
    const { releases, users } = await bench()
    expect(await releases.exists(release(1))).toBe(false)
    const staged = await releases.stage(release(1))
    expect(readdirSync(staged.directory)).toEqual([])
    expect(statSync(staged.directory).mode & 0o777).toBe(0o700)
    const user = await users.userOf('shop', 'production')
    if (user) expect(statSync(staged.directory).uid).toBe(user.uid)
    writeFileSync(path.join(staged.directory, 'file'), '')
    expect(await releases.exists(release(1))).toBe(false)
    expect(await staged.publish('source', { sha: 'abc' })).toBe(true)
    await staged.discard()
    expect(readdirSync(releases.directory(release(1)))).toEqual(['file'])
    expect(await releases.stampOf(release(1), 'source')).toEqual({ sha: 'abc' })
  })

  test('that two attempts make at once is the one of the first, whole, and nothing of the other', async () => {
    const { releases, again, directory } = await bench()
    const [first, second] = [
      await releases.stage(release(1)),
      await (await again()).stage(release(1)),
    ] as const
    writeFileSync(path.join(second.directory, 'second'), '')
    writeFileSync(path.join(first.directory, 'first'), '')
    const abandoned = await releases.stage(release(1))
    const third = await releases.stage(release(2))
    expect(await second.publish('source', 2)).toBe(true)
    // Its folder went away when the other one was published.
    await expect(first.publish('source', 1)).rejects.toThrow('ENOENT')
    await abandoned.discard()
    const late = await releases.stage(release(1))
    expect(await late.publish('source', 3)).toBe(false)
    expect(readdirSync(releases.directory(release(1)))).toEqual(['second'])
    expect(await releases.stampOf(release(1), 'source')).toBe(2)
    await third.discard()
    expect(readdirSync(path.join(directory, 'shop/production/releases'))).toEqual(['1'])
  })

  test('of many attempts that end at once exactly one becomes it', async () => {
    const { releases, directory } = await bench()
    const attempts = await Promise.all(
      Array.from({ length: 8 }, async (_, at) => {
        const staged = await releases.stage(release(1))
        writeFileSync(path.join(staged.directory, `file-${at}`), '')
        return staged
      }),
    )
    const ended = await Promise.allSettled(attempts.map((staged, at) => staged.publish('source', at)))
    const won = ended.flatMap((one, at) => (one.status === 'fulfilled' && one.value ? [at] : []))
    expect(won).toHaveLength(1)
    expect(readdirSync(releases.directory(release(1)))).toEqual([`file-${won[0]}`])
    expect(await releases.stampOf(release(1), 'source')).toBe(won[0])
    expect(readdirSync(path.join(directory, 'shop/production/releases'))).toEqual(['1'])
  })

  test('of an attempt whose process died is removed by the next', async () => {
    const { releases, directory } = await bench()
    const [ours, dead] = [await releases.stage(release(1)), await releases.stage(release(1))]
    const owner = path.join(path.dirname(dead.directory), 'owner.json')
    const identity = JSON.parse(readFileSync(owner, 'utf8')) as { start: string }
    // Our pid, but another process: it was given away.
    writeFileSync(owner, JSON.stringify({ ...identity, start: '1' }))
    const next = await releases.stage(release(1))
    expect([ours, dead, next].map((one) => existsSync(one.directory))).toEqual([true, false, true])
    await next.publish('source', {})
    expect(readdirSync(path.join(directory, 'shop/production/releases/1'))).toEqual(['code', 'stamps'])
  })

  test('does not take the place of one of which cannot be told whether it is complete', async () => {
    const { releases, directory } = await bench()
    await make(releases, 1)
    const stamps = path.join(directory, 'shop/production/releases/1/stamps')
    renameSync(stamps, `${stamps}-away`)
    // A look at it fails, as it does in a process without a descriptor left.
    symlinkSync('stamps', stamps)
    const late = await releases.stage(release(1))
    await expect(late.publish('source', {})).rejects.toThrow('ELOOP')
    rmSync(stamps)
    renameSync(`${stamps}-away`, stamps)
    expect(await releases.stampOf(release(1), 'source')).toEqual({})
  })

  test('takes the place of a folder that was never complete', async () => {
    const { releases } = await bench()
    const folder = releases.directory(release(1))
    mkdirSync(path.join(folder, 'half'), { recursive: true })
    expect(await (await releases.stage(release(1))).publish('source', {})).toBe(true)
    expect(readdirSync(folder)).toEqual([])
  })

  test('that an attempt has left half made is listed, and discarded and pruned with its number', async () => {
    const { releases, directory } = await bench()
    for (const number of [1, 2]) await releases.stage(release(number))
    for (const number of [3, 4]) await make(releases, number)
    expect(await releases.list('shop', 'production')).toEqual([4, 3, 2, 1])
    await releases.discard(release(2))
    expect(await releases.prune('shop', 'production', 2, [])).toEqual([1])
    expect(readdirSync(path.join(directory, 'shop/production/releases'))).toEqual(['3', '4'])
  })

  test('keeps the stamps of its steps, also for another agent', async () => {
    const { releases, again } = await bench()
    await make(releases, 1)
    await releases.stamp(release(1), 'previous-1', { live: null })
    expect(await (await again()).stampOf(release(1), 'previous-1')).toEqual({ live: null })
    expect(await releases.stampOf(release(1), 'build')).toBeUndefined()
    expect(await releases.stampOf(release(7), 'build')).toBeUndefined()
    await expect((async () => releases.stampOf(release(1), '../../x'))()).rejects.toThrow(
      'cannot be the name',
    )
  })

  test.runIf(asRoot)('is handed over with all its files, but not with what its links lead to', async () => {
    const { releases, users, home } = await bench()
    const staged = await releases.stage(release(1))
    const outside = path.join(home, 'outside')
    writeFileSync(outside, '')
    mkdirSync(path.join(staged.directory, 'a/b'), { recursive: true })
    writeFileSync(path.join(staged.directory, 'a/b/c'), '')
    symlinkSync(outside, path.join(staged.directory, 'link'))
    await staged.publish('source', {})
    const { uid } = (await users.userOf('shop', 'production'))!
    const code = releases.directory(release(1))
    for (const name of ['.', 'a', 'a/b', 'a/b/c', 'link'])
      expect(lstatSync(path.join(code, name)).uid).toBe(uid)
    expect(statSync(outside).uid).toBe(0)
  })

  test('is discarded whole, twice is fine, and a rollback discards nothing', async () => {
    const { releases, directory } = await bench()
    await make(releases, 1)
    await releases.discard(release(2, 1))
    expect(await releases.exists(release(1))).toBe(true)
    const locked = path.join(releases.directory(release(1)), 'read-only')
    mkdirSync(locked)
    writeFileSync(path.join(locked, 'file'), '')
    execFileSync('chmod', ['-R', 'a-w', locked])
    await releases.discard(release(1))
    await releases.discard(release(1))
    expect(await releases.exists(release(1))).toBe(false)
    expect(readdirSync(path.join(directory, '.trash'))).toEqual([])
  })

  test('that is live is neither discarded nor made anew nor pruned', async () => {
    const { releases } = await bench()
    for (const number of [1, 2, 3, 4, 5]) await make(releases, number)
    await releases.setLive('shop', 'production', fence(1), live(1))
    await expect(releases.discard(release(1))).rejects.toThrow('is live')
    await expect(releases.stage(release(1))).rejects.toThrow('is live')
    expect(await releases.prune('shop', 'production', 2, [3])).toEqual([2])
    expect(await releases.list('shop', 'production')).toEqual([5, 4, 3, 1])
  })

  test('what a crash left half removed is neither listed nor kept', async () => {
    const { releases, directory, again } = await bench()
    await make(releases, 1)
    mkdirSync(path.join(directory, '.trash/half/code'), { recursive: true })
    await again()
    expect(readdirSync(path.join(directory, '.trash'))).toEqual([])
    await releases.forget('shop', 'production')
    await releases.forget('shop', 'production')
    expect(await releases.list('shop', 'production')).toEqual([])
    expect(readdirSync(path.join(directory, 'shop'))).toEqual([])
  })

  // As a build leaves it that let a container write files of root.
  test.runIf(asRoot)('what cannot be deleted keeps no agent from its start, and is named once', async () => {
    const { directory, users, again } = await bench()
    const trash = path.join(directory, '.trash')
    const user = (await users.userOf('shop', 'production'))!
    for (const name of ['1', '2-stuck', '3']) mkdirSync(path.join(trash, name, 'code'), { recursive: true })
    for (const folder of [directory, trash, ...['1', '2-stuck', '3'].map((name) => path.join(trash, name))])
      chownSync(folder, user.uid, user.gid)
    const stuck = path.join(trash, '2-stuck')
    writeFileSync(path.join(stuck, 'code/file'), '')
    const said = warnings()
    await withoutRoot(user, again)
    await withoutRoot(user, again)
    expect(readdirSync(trash)).toEqual(['2-stuck'])
    await until(() => said.length > 0)
    expect(said).toEqual([expect.stringMatching(`${stuck} could not be deleted.*Permission denied`)])
    await again()
    expect(readdirSync(trash)).toEqual([])
  })

  test('names cannot lead out of the folder', async () => {
    const { releases } = await bench()
    expect(() => releases.directory({ ...release(1), environment: '../..' })).toThrow('cannot be the name')
  })
})

describe('the live pointer', () => {
  test('moves forward and is the same for every agent', async () => {
    const { releases, again, directory } = await bench()
    expect(await releases.live('shop', 'production')).toBeUndefined()
    await releases.setLive('shop', 'production', fence(1), live(1))
    await releases.setLive('shop', 'production', fence(2), live(2))
    expect(await (await again()).live('shop', 'production')).toEqual(live(2))
    expect(readlinkSync(path.join(directory, 'shop/production/current'))).toBe('releases/2')
    await releases.setLive('shop', 'production', fence(2, 1), live(1))
    expect(readlinkSync(path.join(directory, 'shop/production/current'))).toBe('releases/1')
    await releases.setLive('shop', 'production', fence(2, 2), null)
    expect(await releases.live('shop', 'production')).toBeUndefined()
    expect(existsSync(path.join(directory, 'shop/production/current'))).toBe(false)
  })

  test('the same move again is fine, in whatever order its fields come', async () => {
    const { releases } = await bench()
    await releases.setLive('shop', 'production', fence(1), live(1))
    const { number, releaseNumber, instance, port } = live(1)
    await releases.setLive('shop', 'production', fence(1), { port, instance, releaseNumber, number })
    await expect(releases.setLive('shop', 'production', fence(1), live(9))).rejects.toThrow(StaleFence)
    expect(await releases.live('shop', 'production')).toEqual(live(1))
  })

  test('a stale move is refused, naming what is newer', async () => {
    const { releases } = await bench()
    await releases.setLive('shop', 'production', fence(5), live(5))
    const refused = releases.setLive('shop', 'production', fence(4, 1), live(3))
    await expect(refused).rejects.toThrow(StaleFence)
    await expect(refused).rejects.toMatchObject({ current: fence(5) })
    expect(await releases.live('shop', 'production')).toEqual(live(5))
  })

  test('of many that move at once the newest wins, and who lost is told or was first', async () => {
    const { again } = await bench()
    const agents = await Promise.all(Array.from({ length: 12 }, again))
    const moves = agents.map((releases, index) =>
      releases.setLive('shop', 'production', fence(index + 1), live(index + 1)),
    )
    await Promise.allSettled(moves)
    await expect(moves.at(-1)).resolves.toBeUndefined()
    expect(await (await again()).live('shop', 'production')).toEqual(live(12))
  })
})

test('an environment that is forgotten takes its caches along, but nothing that is still in use', async () => {
  const { home, directory, users } = await bench()
  const [caches, instances] = [path.join(home, 'caches'), path.join(home, 'instances')]
  const releases = await folderReleases({
    ...{ directory, users },
    ...{ alsoForgotten: [caches], alsoWhenEmpty: [instances] },
  })
  for (const name of ['shop/pr-1', 'shop/pr-12']) {
    mkdirSync(path.join(caches, name, 'cache'), { recursive: true })
    mkdirSync(path.join(instances, name), { recursive: true })
  }
  mkdirSync(path.join(instances, 'shop', 'pr-12', '3'))
  await releases.forget('shop', 'pr-1')
  expect(readdirSync(path.join(caches, 'shop'))).toEqual(['pr-12'])
  expect(readdirSync(path.join(instances, 'shop'))).toEqual(['pr-12'])
  await releases.forget('shop', 'pr-12')
  await releases.forget('shop', 'pr-12')
  expect(readdirSync(path.join(caches, 'shop'))).toEqual([])
  expect(readdirSync(path.join(instances, 'shop'))).toEqual(['pr-12'])
})
