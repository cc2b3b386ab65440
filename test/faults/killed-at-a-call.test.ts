import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deployDurably } from './durable-state.ts'
import { isThorough } from './points.ts'
import { DurableBench, hasStrace, stateOf, traced, wholeTree } from './durable-state-bench.ts'

/** Needs strace; without it (or where it may not trace) these are skipped. */
describe.runIf(hasStrace)('at any rename, link, symlink and fsync', () => {
  let bench: DurableBench
  beforeAll(async () => {
    bench = new DurableBench()
    await bench.prepare()
  })
  afterAll(() => bench.remove())

  /** Counts up until the injection is not met any more; several at a time. Answers how often it was met. */
  async function each(calls: string, fault: string, check: (home: string, run: Traced) => Promise<void>) {
    let met = 0
    for (let from = 1, over = false; !over; from += atOnce) {
      const turns = Array.from({ length: atOnce }, async (_, index) => {
        const home = bench.copyOfBase(`${calls.replaceAll(/\W/g, '')}-${from + index}`)
        const run = await traced(`${calls}:${fault}:when=${from + index}`, bench.deploying(home, 2))
        if (run.ok) over = true
        else met++
        await check(home, run)
        rmSync(home, { recursive: true, force: true })
      })
      await Promise.all(turns)
    }
    return met
  }

  test(
    'a kill leaves the old state or the new one, and a repeat completes it',
    { timeout: 240_000 },
    async () => {
      const check = async (home: string, { ok, killed, acknowledged, stderr }: Traced) => {
        expect({ ended: ok || killed, stderr }).toEqual({ ended: true, stderr: '' })
        const after = await stateOf(home)
        expect([1, 2]).toContain(after.live)
        expect([1, 2]).toContain(after.routed)
        expect(['1', '2']).toContain(after.replaced)
        expect([undefined, '2']).toContain(after.created)
        if (after.stamp !== undefined) expect(after.tree).toEqual(wholeTree)
        const said = {
          source: after.stamp !== undefined,
          build: after.built === 'built\n',
          route: after.routed === 2,
        }
        const kept = { ...said, live: after.live === 2, files: after.replaced === '2', key: true }
        for (const what of acknowledged)
          expect({ what, kept: kept[what as 'live'] }).toEqual({ what, kept: true })
        await deployDurably(bench.deploying(home, 2), () => {})
        expect(await stateOf(home)).toEqual(complete(bench))
      }
      const kill = 'signal=SIGKILL'
      expect(await each('?rename,?renameat,?renameat2', kill, check)).toBeGreaterThan(5)
      expect(await each('?link,?linkat,?symlink,?symlinkat', kill, check)).toBeGreaterThan(2)
      if (isThorough) expect(await each('fsync', kill, check)).toBeGreaterThan(10)
    },
  )

  test('an fsync that fails is never acknowledged', { timeout: 240_000 }, async () => {
    const met = await each('fsync,fdatasync', 'error=EIO', async (home, { ok, acknowledged, stderr }) => {
      if (ok) return
      expect(stderr).toContain('EIO')
      expect(acknowledged).not.toContain('files')
      // What went wrong is not in the way of the next attempt.
      await deployDurably(bench.deploying(home, 2), () => {})
      expect(await stateOf(home)).toEqual(complete(bench))
    })
    expect(met).toBeGreaterThan(10)
    // A tree of many files, and what a command wrote, are synced as a whole.
    for (const [commit, acknowledged] of [
      [bench.large, ['key']],
      [bench.commits[1]!, ['key', 'source']],
    ] as const) {
      const home = bench.copyOfBase(`tree-${commit}`)
      const deploying = { ...bench.deploying(home, 2), commit }
      const run = await traced('syncfs:error=EIO', deploying, { everybody: true })
      expect(run).toMatchObject({ ok: false, acknowledged })
      expect((await stateOf(home)).stamp).toBe(acknowledged.length > 1 ? commit : undefined)
    }
  })
})

type Traced = Awaited<ReturnType<typeof traced>>
const atOnce = 3

const complete = (bench: DurableBench) => ({
  live: 2,
  routed: 2,
  stamp: bench.commits[1],
  tree: wholeTree,
  built: 'built\n',
  replaced: '2',
  created: '2',
})
