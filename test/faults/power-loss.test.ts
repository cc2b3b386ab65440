import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DurableBench, program, stateOf, wholeTree } from './durable-state-bench.ts'
import { hasLoopDevices, LoopDisk } from './loop-disk.ts'

/**
 * Needs root and loop devices. The home lies on a disk that writes nothing by itself; at each acknowledgement the
 * disk is copied as a power cut would leave it, without what is only in memory.
 */
describe.runIf(hasLoopDevices)('power is lost', () => {
  let bench: DurableBench
  const disks: LoopDisk[] = []
  const mount = (image: string) => {
    const disk = new LoopDisk(image, path.join(bench.folder, `at-${path.basename(image)}`))
    disks.push(disk)
    return disk
  }
  beforeAll(() => {
    bench = new DurableBench()
  })
  afterAll(() => {
    for (const disk of disks) disk.unmount()
    bench?.remove()
  })

  test('what was acknowledged before is there afterwards', { timeout: 120_000 }, async () => {
    const image = path.join(bench.folder, 'disk')
    LoopDisk.format(image)
    const disk = mount(image)
    const home = path.join(disk.folder, 'home')
    mkdirSync(home)
    execFileSync('sync', ['-f', disk.folder])
    const copies: Record<string, string> = {}
    const child = spawn(process.execPath, [program, JSON.stringify(bench.deploying(home, 2)), 'wait'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    for await (const what of createInterface(child.stdout)) {
      copies[what] = path.join(bench.folder, `after-${what}`)
      copyFileSync(image, copies[what])
      child.stdin.write('\n')
    }
    expect(await ended).toEqual([0, null])

    const after = async (what: string) => {
      const copy = mount(copies[what]!)
      const state = await stateOf(path.join(copy.folder, 'home'))
      copy.unmount()
      rmSync(copies[what]!)
      return state
    }
    expect(await after('source')).toMatchObject({ stamp: bench.commits[1], tree: wholeTree })
    expect(await after('build')).toMatchObject({ built: 'built\n', tree: wholeTree })
    expect(await after('route')).toMatchObject({ routed: 2 })
    expect(await after('live')).toMatchObject({ routed: 2, live: 2, tree: wholeTree, built: 'built\n' })
    expect(await after('files')).toMatchObject({ live: 2, replaced: '2', created: '2' })
  })
})
