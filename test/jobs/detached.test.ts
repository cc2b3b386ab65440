import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { JobCanceled } from '../../ports/jobs.ts'
import { asRoot, survivors, until } from '../process/host.ts'
import { workbench } from './workbench.ts'

describe('a command', () => {
  test('runs in its folder and answers its exit status and output', async () => {
    const { run, job, folder } = await workbench()
    const result = await run(job('pwd; echo oops >&2; exit 3'))
    expect(result).toMatchObject({ outcome: 'exited', exitCode: 3, signal: null, attached: false })
    expect(result.output).toBe(`${folder}\noops\n`)
    expect(result).toHaveProperty('tail', `${folder}\noops\n`)
  })

  test('sees its variables as they are, and nothing of Sluice', async () => {
    const { run, job } = await workbench()
    const odd = `it's "quoted" $HOME \`id\` \\ é\nsecond line`
    const environment = { PATH: process.env['PATH']!, ODD: odd, name: 'n', command: 'c', EMPTY: '' }
    const { output } = await run(job('env -0', { environment }))
    const seen = Object.fromEntries(
      output
        .split('\0')
        .filter(Boolean)
        .map((line) => line.split(/=(.*)/s)),
    )
    expect(Buffer.from(seen['ODD'], 'latin1').toString()).toBe(odd)
    const { ODD: _, PWD: __, SLUICE_RUN: ___, SLUICE_JOB: id, ...rest } = seen
    const { ODD: ____, ...expected } = environment
    expect(rest).toEqual(expected)
    expect(id).toBe('shop/production/1/build')
  })

  test('leaves no variable on the disk and none among the arguments', async () => {
    const { run, job, home } = await workbench()
    const secret = 'never-to-be-written'
    const spec = job('cat /proc/$$/cmdline /proc/$PPID/cmdline', {
      environment: { PATH: '/usr/bin:/bin', SECRET: secret },
    })
    expect((await run(spec)).output).not.toContain(secret)
    const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    )
    for (const { parentPath, name } of files)
      expect(readFileSync(path.join(parentPath, name), 'utf8')).not.toContain(secret)
  })

  test.runIf(asRoot)('runs as the user of its service, who cannot gain rights or see the job', async () => {
    const { run, job, users, home } = await workbench()
    const user = await users.userOf('shop', 'production')
    const { output } = await run(
      job(`id -u; id -g; id -G; umask; grep NoNewPrivs /proc/self/status; ls ${home}/jobs`),
    )
    expect(output).toMatch(new RegExp(`^${user!.uid}\n${user!.gid}\n${user!.gid}\n0077\nNoNewPrivs:\\s1\n`))
    expect(output).toContain('ermission denied')
  })

  test.runIf(asRoot)('its LD_PRELOAD and BASH_ENV are loaded with its own rights only', async () => {
    const { run, job, file } = await workbench()
    const environment = {
      PATH: '/usr/bin:/bin',
      ENV: './env.sh',
      BASH_ENV: './env.sh',
      LD_PRELOAD: '/nonexistent.so',
    }
    await run(job(`echo 'id -u >>who' >env.sh; bash -c true; id -u`, { environment }))
    expect(file('who')).not.toMatch(/^0$/m)
  })

  test('is stopped at a variable that the system would refuse, by name', async () => {
    const { run, job } = await workbench()
    await expect(run(job('true', { environment: { BIG: 'x'.repeat(131_072) } }))).rejects.toThrow(
      'BIG is larger',
    )
  })

  test('killed by a signal says which', async () => {
    const { run, job } = await workbench()
    expect(await run(job('kill -9 $$'))).toMatchObject({
      outcome: 'exited',
      exitCode: 137,
      signal: 'SIGKILL',
    })
  })

  test('whose folder cannot be entered fails like a command', async () => {
    const { run, job, folder } = await workbench()
    expect(await run(job('true', { directory: path.join(folder, 'absent') }))).toMatchObject({
      exitCode: 126,
    })
  })
})

describe('attaching', () => {
  test('a finished job answers again without running again', async () => {
    const { run, job, file } = await workbench()
    const spec = job('echo ran >>ran; echo hello; exit 4', { repeatable: false })
    await run(spec)
    const again = await run(spec)
    expect(again).toMatchObject({ outcome: 'exited', exitCode: 4, attached: true, output: 'hello\n' })
    expect((await run(spec, { from: 2 })).output).toBe('llo\n')
    expect(file('ran')).toBe('ran\n')
  })

  test('two callers at the same moment share one command', async () => {
    const { run, job, file } = await workbench()
    const spec = job('echo ran >>ran; sleep 0.2', { repeatable: false })
    const results = await Promise.all([run(spec), run(spec), run(spec)])
    expect(results.map((result) => result.outcome)).toEqual(['exited', 'exited', 'exited'])
    expect(file('ran')).toBe('ran\n')
  })

  test('a wrapper that comes late finds its claim taken and runs nothing', async () => {
    const { run, job, file, home, folder } = await workbench()
    const spec = job('echo ran >>ran', { repeatable: false })
    await run(spec)
    const wrapper = fileURLToPath(new URL('../../adapters/jobs/detached/wrapper.sh', import.meta.url))
    const noLimits = Array.from({ length: 6 }, () => '')
    const command = ['sh', '-c', `echo again >>${folder}/ran`]
    execFileSync('sh', [wrapper, path.join(home, 'jobs', spec.id), '1', ...noLimits, ...command])
    expect(file('ran')).toBe('ran\n')
  })

  test('a job goes on while its agent is gone, and the next one gets all of it', async () => {
    const { run, job, agent, file } = await workbench()
    const spec = job('echo ran >>ran; echo one; sleep 0.7; echo two', { repeatable: false })
    const first = agent(spec)
    await until(() => file('ran') !== '')
    first.kill('SIGKILL')
    expect(await run(spec)).toMatchObject({
      outcome: 'exited',
      exitCode: 0,
      attached: true,
      output: 'one\ntwo\n',
    })
    expect(file('ran')).toBe('ran\n')
  })

  test('killed at any instant of the start, the agent leaves a job that runs exactly once', async () => {
    const { run, job, agent, file } = await workbench()
    for (let delay = 0; delay < 12; delay++) {
      const name = `ran-${delay}`
      const spec = job(`echo ran >>${name}`, {
        id: `shop/production/${delay + 1}/migrate`,
        repeatable: false,
      })
      const first = agent(spec)
      await new Promise((resolve) => first.stdout!.once('data', resolve))
      await sleep(delay * 2)
      first.kill('SIGKILL')
      expect(await run(spec)).toMatchObject({ outcome: 'exited', exitCode: 0 })
      expect(file(name)).toBe('ran\n')
    }
  }, 90_000)

  test('an agent that only leaves lets the job run', async () => {
    const { run, job } = await workbench()
    const leaving = new AbortController()
    const spec = job('echo one; sleep 0.5; echo two')
    const left = run(spec, { signal: leaving.signal })
    setTimeout(() => leaving.abort(new Error('shutdown')), 200)
    await expect(left).rejects.toThrow('shutdown')
    expect(await run(spec)).toMatchObject({ attached: true, output: 'one\ntwo\n' })
  })

  test('a sink that fails ends the attendance, not the job', async () => {
    const { run, job } = await workbench()
    const spec = job('echo one; sleep 0.5; echo two')
    const failing = async () => {
      throw new Error('the store is away')
    }
    await expect(run(spec, { write: failing })).rejects.toThrow('the store is away')
    expect((await run(spec)).output).toBe('one\ntwo\n')
  })
})

describe('a job whose processes vanished', () => {
  const vanish = 'echo ran >>ran; [ -e again ] && exit 5; touch again; kill -9 $PPID; kill -9 0'

  test('starts from the beginning where it may be repeated, and says so in its output', async () => {
    const { run, job, file } = await workbench('none')
    const result = await run(job(vanish))
    expect(result).toMatchObject({ outcome: 'exited', exitCode: 5 })
    expect(result.output).toContain('attempt 2 starts from the beginning')
    expect(file('ran')).toBe('ran\nran\n')
  })

  test('has an unknown outcome where it may not, for ever', async () => {
    const { run, job, file } = await workbench('none')
    const spec = job(`echo half; ${vanish}`, { repeatable: false })
    expect(await run(spec)).toMatchObject({ outcome: 'unknown', tail: 'half\n' })
    expect(await run(spec)).toMatchObject({ outcome: 'unknown' })
    expect(file('ran')).toBe('ran\n')
  })

  test('is not started for ever when it never survives', async () => {
    const { run, job, file } = await workbench('none')
    expect(await run(job('echo ran >>ran; kill -9 0'))).toMatchObject({ outcome: 'unknown' })
    expect(file('ran')).toBe('ran\nran\nran\n')
  })

  test('a command that outlives its wrapper is not doubled', async () => {
    const { run, job, file } = await workbench('none')
    const spec = job('kill -9 $PPID; sleep 0.5; echo end >>end', { repeatable: false })
    expect(await run(spec)).toMatchObject({ outcome: 'unknown' })
    expect(file('end')).toBe('end\n')
  })
})

describe('ending a job', () => {
  test('a time-out ends the whole group and is remembered', async () => {
    const { run, job, home } = await workbench()
    const spec = job('echo begun; sleep 60 & sleep 60', { timeoutMs: 400 })
    expect(await run(spec)).toMatchObject({ outcome: 'timedOut', tail: expect.stringContaining('begun') })
    expect(survivors(home)).toEqual([])
    expect(await run(spec)).toMatchObject({ outcome: 'timedOut' })
  })

  test('the time runs from the start of the job, whoever attaches', async () => {
    const { run, job } = await workbench()
    const leaving = new AbortController()
    const spec = job('sleep 60', { timeoutMs: 1000 })
    const left = run(spec, { signal: leaving.signal })
    setTimeout(() => leaving.abort(new Error('shutdown')), 700)
    await expect(left).rejects.toThrow('shutdown')
    const attached = performance.now()
    expect(await run(spec)).toMatchObject({ outcome: 'timedOut' })
    expect(performance.now() - attached).toBeLessThan(900)
  })

  test('a cancel leaves nothing, not even what left the group', async () => {
    const { run, job, home, file } = await workbench()
    const cancel = new AbortController()
    const spec = job('(setsid sh -c "sleep 60 & sleep 60" &); sleep 60 & echo up >up; wait')
    const running = run(spec, { signal: cancel.signal })
    await until(() => file('up'))
    cancel.abort('cancel')
    await expect(running).rejects.toThrow(JobCanceled)
    expect(survivors(home)).toEqual([])
    await expect(run(spec)).rejects.toThrow(JobCanceled)
  })

  test('a cancel before the start runs nothing', async () => {
    const { run, job, file } = await workbench()
    await expect(run(job('echo ran >ran'), { signal: AbortSignal.abort('cancel') })).rejects.toThrow(
      JobCanceled,
    )
    expect(file('ran')).toBe('')
  })

  test('a discard ends and removes the jobs below it, and only those', async () => {
    const { run, job, jobs, home } = await workbench()
    const other = run(job('sleep 1; echo done', { id: 'shop/production/12/build' }))
    const running = run(job('sleep 60', { id: 'shop/production/1/build' }))
    const refused = expect(running).rejects.toThrow(JobCanceled)
    await run(job('true', { id: 'shop/production/1/install' }))
    await jobs.discard('shop/production/1/')
    await refused
    expect(readdirSync(path.join(home, 'jobs/shop/production'))).toEqual(['12'])
    expect((await other).output).toBe('done\n')
    await jobs.discard('shop/production/12')
    await jobs.discard('shop')
    await jobs.discard('shop')
  })

  test('a command of a deployment that was discarded is never run again', async () => {
    const { run, job, jobs, file, home } = await workbench()
    const migrate = (number: number) =>
      job('echo ran >>ran', { id: `shop/production/${number}/migrate`, repeatable: false })
    await run(migrate(2))
    await jobs.discard('shop/production/2/')
    for (const number of [1, 2]) await expect(run(migrate(number))).rejects.toThrow('was discarded')
    // Its caller has lost it meanwhile, as an attempt has whose time ran out: nothing is left all the same.
    await expect(run(migrate(2), { signal: AbortSignal.abort('detach') })).rejects.toThrow('was discarded')
    expect(file('ran')).toBe('ran\n')
    expect(readdirSync(path.join(home, 'jobs/shop/production')).filter((name) => name <= '2')).toEqual([])
    await run(migrate(3))
    expect(file('ran')).toBe('ran\nran\n')
  })

  test.each(['shop/production/run/run-1', 'shop/production'])(
    'a run that was discarded by %s is never run again, but others are',
    async (prefix) => {
      const { run, job, jobs, file, home } = await workbench()
      const numbered = (number: number) =>
        job('echo ran >>ran', { id: `shop/production/run/run-${number}`, repeatable: false })
      await run(numbered(1))
      await jobs.discard(prefix)
      await expect(run(numbered(1))).rejects.toThrow('was discarded')
      expect(file('ran')).toBe('ran\n')
      await run(numbered(2))
      expect(file('ran')).toBe('ran\nran\n')
      await jobs.forget('shop', 'production')
      expect(readdirSync(path.join(home, 'jobs/.closed/shop/production'))).toEqual([])
      expect(readdirSync(path.join(home, 'jobs/shop'))).toEqual([])
    },
  )

  test('a job that begins while others below the same folder are being ended is ended too', async () => {
    const { run, job, jobs, file, home } = await workbench()
    const deaf = run(job('trap "" TERM; echo up >deaf; while :; do sleep 0.1; done'))
    const first = expect(deaf).rejects.toThrow(JobCanceled)
    await until(() => file('deaf') !== '')
    const discarding = jobs.discard('shop/production')
    await sleep(300)
    const late = run(job('echo up >up; sleep 60', { id: 'shop/production/run/run-1' }))
    const second = expect(late).rejects.toThrow(JobCanceled)
    await until(() => file('up') !== '')
    await Promise.all([discarding, first, second])
    expect(survivors(home)).toEqual([])
  })

  test("several discards of a job that is just beginning do not get in each other's way", async () => {
    const { run, job, jobs, home } = await workbench()
    for (let number = 1; number <= 12; number++) {
      const id = `shop/production/${number}`
      const running = run(job('sleep 60', { id: `${id}/build` }))
      const refused = expect(running).rejects.toThrow(JobCanceled)
      await sleep(number * 4)
      await Promise.all([jobs.discard(id), jobs.discard(id), jobs.discard(id)])
      await refused
    }
    expect(readdirSync(path.join(home, 'jobs/shop/production'))).toEqual([])
  })

  test('an id cannot lead out of the folder', async () => {
    const { run, job, jobs } = await workbench()
    for (const id of ['../x', '/x', 'a//b', 'a/../b', '']) {
      await expect(run(job('true', { id }))).rejects.toThrow('cannot be the id')
      await expect((async () => jobs.discard(id))()).rejects.toThrow('cannot be the id')
    }
  })
})

describe('output', () => {
  test('comes while the command runs, in order and in pieces of at most 64 KiB', async () => {
    const { run, job } = await workbench()
    let expected = 0
    let first = 0
    const write = async (chunk: Buffer, offset: number) => {
      first ||= performance.now()
      expect(offset).toBe(expected)
      expect(chunk.length).toBeLessThanOrEqual(64 * 1024)
      expected += chunk.length
    }
    await run(job('echo begin; sleep 0.5; head -c 1000000 /dev/zero'), { write })
    expect(expected).toBe(1_000_006)
    expect(performance.now() - first).toBeGreaterThan(400)
  })

  test('bytes are handed on as they are', async () => {
    const { run, job } = await workbench()
    const { output } = await run(job(`printf 'a\\000b\\377\\033[31m'`))
    expect(output).toBe('a\0b\xff\x1b[31m')
  })

  test('what a command leaves in the background neither holds the result nor survives it', async () => {
    const { run, job, home } = await workbench()
    const began = performance.now()
    const result = await run(
      job('(trap "" TERM; while :; do echo still; sleep 0.05; done) & (setsid sleep 60 &); echo end'),
    )
    expect(result).toMatchObject({ outcome: 'exited', exitCode: 0 })
    expect(performance.now() - began).toBeLessThan(8000)
    await until(() => survivors(home).length === 0)
  })

  test('over the cap the disk is given back, the job goes on and the end is kept', async () => {
    const { run, job, home } = await workbench('auto', 1024 * 1024)
    let position = 0
    let handedOn = 0
    const slow = async (chunk: Buffer, offset: number) => {
      expect(offset).toBeGreaterThanOrEqual(position)
      position = offset + chunk.length
      handedOn += chunk.length
      await sleep(5)
    }
    const lines =
      'i=0; while [ $i -lt 30 ]; do head -c 1000000 /dev/zero | tr "\\0" x; i=$((i+1)); sleep 0.02; done'
    const result = await run(job(`${lines}; echo; echo the end`), { write: slow })
    expect(result).toMatchObject({ outcome: 'exited', exitCode: 0 })
    expect(result).toHaveProperty('tail', 'the end\n')
    expect(handedOn).toBeLessThan(position)
    const { blocks } = statSync(path.join(home, 'jobs/shop/production/1/build/output'))
    expect(blocks * 512).toBeLessThan(4 * 1024 * 1024)
  })

  test('100 MB without a newline need no memory to speak of', async () => {
    const { run, job } = await workbench()
    const before = process.memoryUsage().rss
    let most = 0
    const write = async () => {
      most = Math.max(most, process.memoryUsage().rss - before)
    }
    await run(job('head -c 100000000 /dev/zero'), { write })
    expect(most).toBeLessThan(60 * 1024 * 1024)
  })
})
