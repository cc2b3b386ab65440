import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { defaultLimits } from '../../contract/limits.ts'
import { hostCgroups } from '../../adapters/process/cgroup/index.ts'
import { identityOf } from '../../adapters/process/identity.ts'
import { canLimit, cgroupsOf, intoChildren, noCgroups, skipped } from '../process/contained.ts'
import { until } from '../process/host.ts'
import { workbench } from './workbench.ts'

const mebibyte = 1024 * 1024
/** Neither in the group nor with the mark: only a cgroup knows whose it is. */
const daemon = 'setsid sh -c "(env -i sleep 120 & echo \\$! >daemon)"'
const pidIn = (text: string) => Number(text)

describe.skipIf(noCgroups)(`with cgroups${skipped}`, () => {
  test('a daemon that left everything but its cgroup ends with its job, and the cgroup with it', async () => {
    const { run, job, file, home } = await workbench()
    expect(await run(job(daemon))).toMatchObject({ exitCode: 0, limit: null })
    expect(file('daemon')).toMatch(/^\d+\n$/)
    expect(identityOf(pidIn(file('daemon')))).toBeUndefined()
    expect(cgroupsOf(home)).toEqual([])
  })

  test('a cancel and a discard end it as well', async () => {
    const { run, job, jobs, file, home } = await workbench()
    const cancel = new AbortController()
    const running = run(job(`${daemon}; sleep 120`), { signal: cancel.signal })
    const canceled = expect(running).rejects.toThrow('canceled')
    await until(() => file('daemon'))
    const first = pidIn(file('daemon'))
    cancel.abort('cancel')
    await canceled
    expect(identityOf(first)).toBeUndefined()

    const other = run(job(`rm daemon; ${daemon}; sleep 120`, { id: 'shop/production/2/build' }))
    const discarded = expect(other).rejects.toThrow()
    await until(() => ![0, first].includes(pidIn(file('daemon'))))
    await jobs.discard('shop/production/2')
    await discarded
    expect(identityOf(pidIn(file('daemon')))).toBeUndefined()
    expect(cgroupsOf(home)).toEqual([])
  })

  test('after kill -9 of the agent the next one ends what the job left', async () => {
    const { run, job, agent, file, home } = await workbench()
    const spec = job(`${daemon}; sleep 0.5`, { repeatable: false })
    const first = agent(spec)
    await until(() => file('daemon'))
    first.kill('SIGKILL')
    expect(await run(spec)).toMatchObject({ exitCode: 0, attached: true })
    expect(identityOf(pidIn(file('daemon')))).toBeUndefined()
    expect(cgroupsOf(home)).toEqual([])
  })

  test('cgroups that a job made in its own end and go with it', async () => {
    const { run, job, file, home } = await workbench('none')
    const moves = intoChildren(hostCgroups(home).foldersFor('job', 'shop/production/1/build/1')!)
    expect(await run(job(`(${moves}; ${daemon})`))).toMatchObject({ exitCode: 0 })
    expect(identityOf(pidIn(file('daemon')))).toBeUndefined()
    expect(cgroupsOf(home)).toEqual([])
  })
})

describe.skipIf(!canLimit)(`limits${skipped}`, () => {
  test('who needs more memory than allowed is killed with the reason, for ever, and alone', async () => {
    const { run, job, home } = await workbench()
    const limits = { ...defaultLimits, memory: 48 * mebibyte }
    const [greedy, modest] = await Promise.all([
      run(job('echo begun; head -c 200000000 /dev/zero | tail', { limits })),
      run(job('sleep 1; echo fine', { limits, id: 'shop/production/2/build' })),
    ])
    expect(greedy).toMatchObject({ outcome: 'exited', limit: 'memory' })
    expect(greedy.output).toMatch(/^begun\n/)
    expect(greedy).not.toHaveProperty('exitCode', 0)
    expect(modest).toMatchObject({ exitCode: 0, limit: null, output: 'fine\n' })
    expect(await run(job('never', { limits }))).toMatchObject({ attached: true, limit: 'memory' })
    expect(cgroupsOf(home)).toEqual([])
  })

  test('a fork bomb meets its limit, is ended for it, and leaves nothing', async () => {
    const { run, job, home } = await workbench()
    const limits = { ...defaultLimits, processes: 60 }
    const bomb = `setInterval(()=>require("child_process").spawn("sleep",["120"]).on("error",()=>{}),5)`
    const result = await run(job(`"${process.execPath}" -e '${bomb}'`, { limits }))
    expect(result).toMatchObject({ outcome: 'exited', exitCode: 137, signal: 'SIGKILL', limit: 'processes' })
    expect(cgroupsOf(home)).toEqual([])
  })
})

test('a leak of open files ends at a limit of its own', async () => {
  const { run, job, file } = await workbench()
  const before = readFileSync('/proc/self/limits', 'utf8')
  const limits = { ...defaultLimits, openFiles: 64 }
  const leak = `const a=[];try{for(;;)a.push(require("fs").openSync("/dev/null"))}catch(e){console.log(e.code,a.length<64)}`
  const result = await run(job(`"${process.execPath}" -e '${leak}'; ulimit -n >soft`, { limits }))
  expect(result.output).toBe('EMFILE true\n')
  expect(file('soft')).toBe('64\n')
  expect(readFileSync('/proc/self/limits', 'utf8')).toBe(before)
})
