import { readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { folderReleases } from '../../adapters/releases/folders/index.ts'
import { detachedJobs } from '../../adapters/jobs/detached/index.ts'
import { isAlive } from '../../stack/identity.ts'
import { readRecord, writeRecord } from '../../stack/run-record.ts'
import { workbench } from '../jobs/workbench.ts'
import { testHost, until } from '../process/host.ts'
import { answering, runtimeBench } from '../runtime/workbench.ts'

/** What a torn write or a bad block leaves: nothing, or half of it. */
const damages: [string, (file: string) => void][] = [
  ['empty', (file) => truncateSync(file, 0)],
  ['cut in half', (file) => truncateSync(file, Math.floor(statSync(file).size / 2))],
]

test.each(damages)('a live pointer that is %s: its copy counts, and it moves on', async (_, damage) => {
  const { home, users } = await testHost()
  const directory = path.join(home, 'environments')
  const open = () => folderReleases({ directory, users })
  const live = (number: number) => ({ number, releaseNumber: number, instance: `i/${number}`, port: number })
  const move = async (number: number) =>
    (await open()).setLive('shop', 'production', { deployment: number, revision: 0 }, live(number))
  const file = (name: string) => path.join(directory, 'shop/production/live', name)
  await move(1)
  await move(2)
  damage(file('2.0.json'))
  expect(await (await open()).live('shop', 'production')).toEqual(live(2))
  damage(file('2.0.json.copy'))
  expect(await (await open()).live('shop', 'production')).toEqual(live(1))
  // The step that is repeated puts it right.
  await move(2)
  expect(await (await open()).live('shop', 'production')).toEqual(live(2))
  for (const name of readdirSync(file('.'))) damage(file(name))
  expect(await (await open()).live('shop', 'production')).toBeUndefined()
  await move(3)
  expect(await (await open()).live('shop', 'production')).toEqual(live(3))
})

test.each(damages)(
  'an instance record that is %s: its copy counts; without one it is started anew, and others run on',
  async (_, damage) => {
    const { runtime, again, spec, options } = await runtimeBench()
    const one = spec(answering('1'), { id: 'shop/production/1' })
    const other = spec(answering('2'), { id: 'blog/production/1' })
    await runtime.start(one)
    await runtime.start(other)
    // Before, what its shell starts may be a helper.
    await until(async () => (await runtime.listening(other.id)).kind === 'listening')
    const before = (await runtime.status(other.id))!
    const file = (name: string) => path.join(options.directory, one.id, name)
    damage(file('instance.json'))
    expect(await again().status(one.id)).toMatchObject({ state: 'running' })
    damage(file('instance.json.copy'))
    expect((await again().list()).map(({ id }) => id)).toEqual([other.id])
    expect(await again().revive(other.id, async () => other)).toMatchObject({ revived: false })
    expect(await again().revive(one.id, async () => one)).toMatchObject({ revived: true })
    await again().tidy()
    expect(await again().status(one.id)).toMatchObject({ state: 'running' })
    expect(await again().status(other.id)).toMatchObject({ pid: before.pid, port: before.port, restarts: 0 })
    // And where nobody wants it back, it ends.
    damage(file('instance.json'))
    damage(file('instance.json.copy'))
    await again().tidy()
    expect(await again().status(one.id)).toBeUndefined()
  },
)

test.each(damages)('a job whose files are %s is run again, or ends as unknown', async (_, damage) => {
  const { job, run, file, home, jobs } = await workbench()
  for (const damaged of ['attempt-1.json', 'exit-1']) {
    const id = `shop/production/${damaged === 'exit-1' ? 1 : 2}`
    const again = job('echo ran >> runs', { id: `${id}/build` })
    const once = job('echo ran >> migrations', { id: `${id}/migrate`, repeatable: false })
    await run(again)
    await run(once)
    for (const { id: of } of [again, once]) damage(path.join(home, 'jobs', of, damaged))
    // Half an exit status may still be one.
    if (damaged === 'exit-1')
      for (const { id: of } of [again, once]) writeFileSync(path.join(home, 'jobs', of, damaged), '')
    expect(await run(again)).toMatchObject({ outcome: 'exited', exitCode: 0 })
    expect((await run(once)).outcome).toBe(damaged === 'exit-1' ? 'unknown' : 'exited')
  }
  expect(file('migrations')).toBe('ran\nran\n')
  expect(file('runs')).toBe('ran\nran\nran\nran\n')
  await jobs.discard('shop')
  expect(
    await detachedJobs({ directory: path.join(home, 'jobs'), users: { userOf: async () => null } }).halt(),
  ).toBeUndefined()
})

test.each(damages)('a run record that is %s counts as not being there', async (_, damage) => {
  const { home } = await testHost()
  writeRecord(home, { part: 'router', pid: process.pid, started: '1' })
  damage(path.join(home, 'run', 'router.json'))
  expect(readRecord(home, 'router')).toBeUndefined()
  writeRecord(home, { part: 'router', pid: process.pid, started: '1' })
  const record = readRecord(home, 'router')
  expect(record && isAlive(record)).toBe(false)
})
