import { readFileSync, statSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { hostCgroups } from '../../adapters/process/cgroup/index.ts'
import { InstanceFolder } from '../../adapters/runtime/process/instance-folder.ts'
import { LogPace } from '../../adapters/runtime/process/log-pace.ts'
import { defaultLimits } from '../../contract/limits.ts'
import { identityOf } from '../../adapters/process/identity.ts'
import { canLimit, cgroupsOf, intoChildren, noCgroups, skipped } from '../process/contained.ts'
import { testHost, until } from '../process/host.ts'
import { answering, runtimeBench } from './workbench.ts'

const id = 'shop/production/1'
/** Asks on and on, however often it is refused. */
const forkBomb = `"$SLUICE_NODE" -e 'setInterval(()=>require("child_process").spawn("sleep",["120"]).on("error",()=>{}),5)'`

describe.skipIf(noCgroups)(`with cgroups${skipped}`, () => {
  test('a daemon that left everything but its cgroup ends with its instance, also by another agent', async () => {
    const { runtime, spec, again, folder, home } = await runtimeBench()
    await runtime.start(spec('setsid sh -c "(env -i sleep 120 & echo \\$! >daemon)"; echo up; sleep 120'))
    await until(async () => (await runtime.tail(id, 100)).includes('up'))
    const daemon = Number(readFileSync(path.join(folder, 'daemon'), 'utf8'))
    expect(identityOf(daemon)).toBeDefined()
    expect(cgroupsOf(home)).not.toEqual([])
    await again().stop(id, 200)
    expect(identityOf(daemon)).toBeUndefined()
    expect(cgroupsOf(home)).toEqual([])
  })

  test('a halt removes it, and the next start makes it anew', async () => {
    const { runtime, spec, home } = await runtimeBench()
    await runtime.start(spec('sleep 120'))
    await runtime.halt(id, 200)
    expect(cgroupsOf(home)).toEqual([])
    await runtime.start(spec('sleep 120'))
    expect(cgroupsOf(home)).not.toEqual([])
  })

  test('a stop ends what is in cgroups that the service made in its own, and removes them', async () => {
    const { runtime, spec, folder, home } = await runtimeBench('none')
    const moves = intoChildren(hostCgroups(home).foldersFor('instance', id)!)
    await runtime.start(spec(`(${moves}; env -i setsid sleep 120 & echo $! >inner); echo up; sleep 120`))
    await until(async () => (await runtime.tail(id, 100)).includes('up'))
    const inner = Number(readFileSync(path.join(folder, 'inner'), 'utf8'))
    await runtime.stop(id, 200)
    expect(identityOf(inner)).toBeUndefined()
    expect(await runtime.list()).toEqual([])
    expect(cgroupsOf(home)).toEqual([])
  })
})

describe.skipIf(!canLimit)(`limits${skipped}`, () => {
  test('a service out of memory comes back on its port, and status and log say why', async () => {
    const { runtime, spec } = await runtimeBench()
    const limits = { ...defaultLimits, memory: 128 * 1024 * 1024 }
    const greedy = `setTimeout(()=>{const a=[];for(;;)a.push(Buffer.alloc(1e7,1))},300)`
    const { port } = await runtime.start(spec(answering('1', greedy), { limits }))
    await until(async () => ((await runtime.status(id))?.restarts ?? 0) >= 1)
    const status = await runtime.status(id)
    expect(status).toMatchObject({ port, lastExit: { signal: 'SIGKILL', limit: 'memory' } })
    expect(await runtime.tail(id, 1000)).toContain('because it needed more memory than it may have')
  })

  test('a fork bomb is ended and started again with the reason, however it goes on', async () => {
    const { runtime, spec } = await runtimeBench()
    const limits = { ...defaultLimits, processes: 60 }
    await runtime.start(spec(forkBomb, { limits }))
    const checking = setInterval(() => void runtime.checkLimits(), 500)
    try {
      await expect
        .poll(async () => (await runtime.status(id))?.lastExit?.limit, { timeout: 20_000 })
        .toBe('processes')
    } finally {
      clearInterval(checking)
    }
    expect(await runtime.tail(id, 1000)).toContain('had met its limit of processes and threads')
  })
})

describe('the log', () => {
  test('a flood neither fills the disk nor stops the service', { timeout: 60_000 }, async () => {
    const { runtime, spec, folder, home } = await runtimeBench()
    const flood = `yes "$(head -c 900 /dev/zero | tr '\\0' y)" | { dd bs=1M count=400 iflag=fullblock 2>/dev/null; }`
    await runtime.start(spec(`${flood}; echo; sleep 0.3; echo the end; echo done >done; sleep 120`))
    let most = 0
    const logs = new InstanceFolder(path.join(home, 'instances', id))
    while (!(await runtime.tail(id, 100)).includes('the end')) {
      most = Math.max(most, sizeOf(logs.output) + sizeOf(logs.earlierOutput))
      await sleep(await runtime.trimLogs())
    }
    await runtime.trimLogs()
    expect(readFileSync(path.join(folder, 'done'), 'utf8')).toBe('done\n')
    // 400 MB were written. What is there between two looks is not counted in megabytes, as the writer is not stopped.
    expect(most).toBeLessThan(300e6)
    expect(sizeOf(logs.output) + sizeOf(logs.earlierOutput)).toBeLessThanOrEqual(10 * 1024 * 1024)
  })

  test('a line of 60 MB is followed in little memory and in parts', async () => {
    const { runtime, spec } = await runtimeBench()
    await runtime.start(
      spec(
        `echo up; sleep 0.3; head -c 60000000 /dev/zero | tr '\\0' x; echo; printf 'the\\000 end\\n'; sleep 60`,
      ),
    )
    await until(async () => (await runtime.tail(id, 100)).includes('up'))
    const before = process.memoryUsage().rss
    const abort = new AbortController()
    let most = 0
    let longest = 0
    let last = ''
    for await (const line of runtime.follow(id, { lines: 1, signal: abort.signal })) {
      most = Math.max(most, process.memoryUsage().rss - before)
      longest = Math.max(longest, line.length)
      last = line
      if (line.startsWith('the')) abort.abort()
    }
    expect(longest).toBeLessThanOrEqual(16 * 1024)
    // NUL is left out.
    expect(last).toBe('the end')
    expect(most).toBeLessThan(60e6)
  })
})

test('a log is looked at the sooner the faster it grows', () => {
  const pace = new LogPace(5_000_000)
  const looks = [
    [0, 0],
    [1_000_000, 100],
    [6_000_000, 110],
    [6_000_000, 310],
  ].map(([size, at]) => {
    pace.saw('shop', size!, at)
    return Math.floor(pace.next(['shop']))
  })
  // It has been cut before the last one, so all of that has come in 200 ms.
  expect(looks).toEqual([100, 100, 5, 83])
  expect(pace.next([])).toBe(100)
})

test('a folder in which somebody still writes is removed all the same', async () => {
  const { home } = await testHost()
  const folder = new InstanceFolder(path.join(home, 'instance'))
  for (let round = 0; round < 5; round++) {
    await mkdir(folder.directory, { recursive: true })
    await writeFile(path.join(folder.directory, 'instance.json'), '{}')
    let going = true
    const writing = (async () => {
      for (let n = 0; going; n++)
        await writeFile(path.join(folder.directory, `late-${n}`), '').catch(() => {})
    })()
    const over = sleep(60).then(() => (going = false))
    await folder.remove()
    await Promise.all([writing, over])
    await folder.remove()
  }
})

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0
