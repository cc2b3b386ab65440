import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, rmdir } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { Cgroup, hastenEntry, hostCgroups, Refusals } from '../../adapters/process/cgroup/index.ts'
import { findPlace } from '../../adapters/process/cgroup/place.ts'
import { identityOf } from '../../adapters/process/identity.ts'
import { defaultLimits } from '../../contract/limits.ts'
import { noCgroups } from './contained.ts'
import { until } from './host.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** A folder laid out as the kernel shows cgroups of version 2, with its mount table. */
function laidOut(own: string, files: Record<string, string> = {}) {
  const top = mkdtempSync(path.join(os.tmpdir(), 'sluice cgroup-'))
  folders.push(top)
  for (const at of ['', own]) {
    mkdirSync(path.join(top, at), { recursive: true })
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(top, at, name), text)
  }
  const mountPoint = top.replaceAll(' ', '\\040')
  return { top, view: (root = '/') => `31 23 0:28 ${root} ${mountPoint} rw - cgroup2 cgroup2 rw\n` }
}

const sound = {
  'cgroup.type': 'domain',
  'cgroup.controllers': 'cpu memory pids\n',
  'cgroup.subtree_control': '',
}

describe.runIf(process.platform === 'linux')('where cgroups can be made', () => {
  test("version 2: in the own one where the top is not the kernel's", () => {
    const { top, view } = laidOut('system.slice/sluice.service', sound)
    const place = findPlace({ mountinfo: view(), cgroup: '0::/system.slice/sluice.service\n' })
    const own = path.join(top, 'system.slice/sluice.service')
    expect(place).toEqual({ version: 2, candidates: [own], own })
  })

  test('version 2: above the one that a service manager put the agent into', () => {
    const { top, view } = laidOut('sluice.service/agent', sound)
    const place = findPlace({ mountinfo: view(), cgroup: '0::/sluice.service/agent\n' })
    expect(place).toMatchObject({ candidates: [path.join(top, 'sluice.service')] })
  })

  test('version 2: at the top first, for who may', () => {
    const { 'cgroup.type': _, ...files } = sound
    const { top, view } = laidOut('user.slice', files)
    const place = findPlace({ mountinfo: view(), cgroup: '0::/user.slice\n' })
    expect(place).toMatchObject({ candidates: [top, path.join(top, 'user.slice')] })
  })

  test('version 2: a container sees its part of the tree, and never leaves it', () => {
    const { top, view } = laidOut('', sound)
    for (const cgroup of ['0::/docker/abc\n', '0::/\n', '0::/../other\n'])
      expect(findPlace({ mountinfo: view('/docker/abc'), cgroup })).toMatchObject({ candidates: [top] })
  })

  test('version 1: per controller below the own one, also where two share a mount', () => {
    const { top, view } = laidOut('own')
    const mount = (names: string) => view().replace('cgroup2 cgroup2 rw', `cgroup cgroup rw,${names}`)
    const mountinfo = mount('cpu,cpuacct') + mount('memory') + mount('freezer')
    const place = findPlace({ mountinfo, cgroup: '3:cpu,cpuacct:/own\n2:memory:/own\n1:freezer:/\n0::/\n' })
    const own = path.join(top, 'own')
    expect(place).toEqual({ version: 1, below: { memory: own, cpu: own, freezer: top } })
  })

  test('nowhere: says why and what to do', () => {
    expect(findPlace({ mountinfo: '', cgroup: '0::/\n' })).toMatchObject({ why: 'no cgroups are mounted' })
    const place = findPlace({ mountinfo: '1 1 0:1 / /proc/absent rw - cgroup2 x rw', cgroup: '0::/a\n' })
    expect(place).toMatchObject({ why: expect.stringContaining('/proc/absent/a'), fix: expect.any(String) })
    expect(hostCgroups('/home', place).foldersFor('job', 'x')).toBeUndefined()
  })
})

test('version 2: controllers are let through, and limits written where they belong', () => {
  const { top, view } = laidOut('', sound)
  const place = findPlace({ mountinfo: view(), cgroup: '0::/\n' })
  const own = hostCgroups('/a', place).foldersFor('instance', 'shop/production/1')!
  // A plain file keeps the last word only; the kernel adds them up.
  expect(readFileSync(path.join(top, 'cgroup.subtree_control'), 'utf8')).toBe('+cpu')
  const folder = own.memory!
  expect(new Set(Object.values(own))).toEqual(new Set([folder]))
  expect(path.basename(folder)).toMatch(/^sluice-[0-9a-f]{12}-instance-shop\.production\.1$/)
  expect(hostCgroups('/b', place).foldersFor('instance', 'shop/production/1')!.memory).not.toBe(folder)

  mkdirSync(folder)
  for (const name of ['memory.max', 'memory.swap.max', 'memory.oom.group', 'pids.max'])
    writeFileSync(path.join(folder, name), '')
  writeFileSync(path.join(folder, 'pids.events'), 'max 7\n')
  const cgroup = new Cgroup(own)
  cgroup.create({ ...defaultLimits, memory: 1024, processes: 9 })
  const text = (name: string) => readFileSync(path.join(folder, name), 'utf8')
  expect(['memory.max', 'memory.swap.max', 'memory.oom.group', 'pids.max'].map(text)).toEqual([
    '1024',
    '0',
    '1',
    '9',
  ])
  expect(cgroup.refusals()).toBe(7)
})

/** Both kinds where the machine has both: a hybrid one has version 2 without controllers beside version 1. */
const real = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup/freezer', '/sys/fs/cgroup'].filter(
  (folder) => noCgroups === undefined && existsSync(path.join(folder, 'cgroup.procs')),
)

describe.skipIf(real.length === 0)('with the real kernel', () => {
  test.each(real)('everybody in a cgroup of %s is killed at once, and it goes', async (below) => {
    const folder = path.join(below, `sluice-test-${process.pid}`)
    await mkdir(folder)
    onTestFinished(() => rmdir(folder).catch(() => {}))
    const script = `echo 0 >${folder}/cgroup.procs; i=0; while [ $((i += 1)) -lt 200 ]; do (env -i setsid sleep 20 &); sleep 0.01; done`
    const child = spawn('sh', ['-c', script], { stdio: 'ignore' })
    const cgroup = new Cgroup({ freezer: folder })
    await until(() => cgroup.members().length > 5)
    await cgroup.kill()
    await cgroup.remove()
    expect(cgroup.exists()).toBe(false)
    expect(child.pid).toBeDefined()
    await cgroup.kill()
    await cgroup.remove()
  })

  test.each(real)('those made inside of one of %s end and go with it, frozen ones too', async (below) => {
    const folder = path.join(below, `sluice-test-${process.pid}-outer`)
    const folders = [folder, `${folder}/child`, `${folder}/child/inner`, `${folder}/frozen`]
    for (const one of folders) await mkdir(one)
    onTestFinished(async () => {
      for (const one of folders.toReversed()) await rmdir(one).catch(() => {})
    })
    const enter = (one: string) => `(echo 0 >${one}/cgroup.procs; exec env -i setsid sleep 60) &`
    spawn('sh', ['-c', folders.map(enter).join('\n')], { stdio: 'ignore' })
    const cgroup = new Cgroup({ freezer: folder })
    await until(() => cgroup.members().length === folders.length)
    const members = cgroup.members()
    if (existsSync(`${folder}/freezer.state`)) writeFileSync(`${folder}/frozen/freezer.state`, 'FROZEN')
    else writeFileSync(`${folder}/frozen/cgroup.freeze`, '1')
    await cgroup.kill()
    await until(() => members.every((pid) => identityOf(pid) === undefined))
    await cgroup.remove()
    expect(cgroup.exists()).toBe(false)
  })
})

test.runIf(process.platform === 'linux')('to hasten an entry leaves this process where it is', async () => {
  const before = readFileSync('/proc/self/cgroup', 'utf8')
  hastenEntry()
  hastenEntry()
  await sleep(200)
  expect(readFileSync('/proc/self/cgroup', 'utf8')).toBe(before)
})

test('only who is refused all the time, for seconds, is taken for a fork bomb', () => {
  const looks = (counts: number[], everyMs: number) => {
    const refusals = new Refusals()
    return counts.map((count, at) => refusals.endless(count, at * everyMs))
  }
  expect(looks([0, 3, 3, 3, 3, 3, 3, 3, 3, 9, 9], 1000)).not.toContain(true)
  expect(looks([1, 2, 3, 4, 5], 1000)).not.toContain(true)
  expect(looks([1, 2, 3, 4, 5, 6, 7], 1000)).toContain(true)
  expect(looks([1, 1, 1, 1, 9, 9, 9, 9, 10], 1000)).not.toContain(true)
})
