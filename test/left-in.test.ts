import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Cgroup, hostCgroups } from '../adapters/process/cgroup/index.ts'
import { defaultLimits } from '../contract/limits.ts'
import { canMount, SmallDisk } from './faults/small-disk.ts'
import { leftIn } from './left-in.ts'
import { noCgroups } from './process/contained.ts'

function folders(): { mine: string; others: string } {
  const above = mkdtempSync(path.join(os.tmpdir(), 'sluice-left-'))
  onTestFinished(() => rmSync(above, { recursive: true, force: true }))
  const [mine, others] = [path.join(above, 'mine'), path.join(above, 'others')]
  for (const folder of [mine, others]) mkdirSync(folder)
  return { mine, others }
}

async function sleeper(options: { cwd?: string; env?: NodeJS.ProcessEnv }, ...words: string[]) {
  const child = spawn('sh', ['-c', 'sleep 60; :', ...words], { stdio: 'ignore', detached: true, ...options })
  await once(child, 'spawn')
  const end = async () => {
    process.kill(-child.pid!, 'SIGKILL')
    await once(child, 'exit')
  }
  return { pid: child.pid!, end }
}

test('a folder, and whatever process lies in it or was told of it, is found, and no other', async () => {
  const { mine, others } = folders()
  writeFileSync(path.join(mine, 'file'), '')
  const told = await Promise.all([
    sleeper({ cwd: '/', env: { SLUICE_HOME: `${mine}/home` } }),
    sleeper({ cwd: '/', env: {} }, `${mine}/job`),
    sleeper({ cwd: mine, env: {} }),
  ])
  const stranger = await sleeper({ cwd: others, env: { SLUICE_HOME: others } })
  const left = () => leftIn(mine, [])
  expect(left()).toContain(`folder ${path.join(mine, 'file')}`)
  const pids = () => left().flatMap((line) => /^process (\d+)/.exec(line)?.[1] ?? [])
  expect(pids()).toEqual(expect.arrayContaining(told.map(({ pid }) => String(pid))))
  expect(pids()).not.toContain(String(stranger.pid))
  await Promise.all([...told, stranger].map(({ end }) => end()))
  rmSync(path.join(mine, 'file'))
  await expect.poll(left).toEqual([])
})

test.skipIf(noCgroups)(`a cgroup of a home that is gone is found (${noCgroups ?? 'cgroups'})`, async () => {
  const { mine, others } = folders()
  const cgroups = [mine, others].map((home) => new Cgroup(hostCgroups(home).foldersFor('job', 'x')!))
  for (const cgroup of cgroups) cgroup.create(defaultLimits)
  onTestFinished(() => Promise.all(cgroups.map((cgroup) => cgroup.remove())).then(() => {}))
  rmdirSync(mine)
  const found = leftIn(mine, [mine])
  expect(found).not.toEqual([])
  expect(found.toSorted()).toEqual(
    [...new Set(Object.values(cgroups[0]!.folders))].map((folder) => `cgroup ${folder}`).toSorted(),
  )
})

test.skipIf(!canMount)('a mount is found (needs the right to mount)', () => {
  const { mine } = folders()
  const disk = new SmallDisk(path.join(mine, 'disk'), { bytes: 1024 ** 2, files: 10 })
  try {
    expect(leftIn(mine, [])).toContain(`mount ${disk.folder}`)
  } finally {
    disk.unmount()
  }
})
