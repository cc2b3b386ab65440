import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { bootClock, bootId, identityOf } from '../../adapters/process/identity.ts'
import { readProcess } from '../../adapters/process/process-table.ts'
import { InstanceFolder } from '../../adapters/runtime/process/instance-folder.ts'
import { NoFreePort } from '../../ports/runtime.ts'
import { asRoot, survivors, until } from '../process/host.ts'
import { answering, runtimeBench } from './workbench.ts'

const get = async (port: number) => (await fetch(`http://127.0.0.1:${port}/`)).text()
const isListening = (
  runtime: { listening(id: string): Promise<{ kind: string }> },
  id = 'shop/production/1',
) => until(async () => (await runtime.listening(id)).kind === 'listening')

describe('start', () => {
  test('brings a service up on a port of its own', async () => {
    const { runtime, spec, options, home } = await runtimeBench()
    const started = await runtime.start(
      spec(answering('JSON.stringify(process.env)'), { environment: { GREETING: 'hi', PORT: '1' } }),
    )
    await isListening(runtime)
    expect(started).toMatchObject({ id: 'shop/production/1', state: 'running', restarts: 0, lastExit: null })
    expect(started.port).toBeGreaterThanOrEqual(options.ports[0])
    const seen = JSON.parse(await get(started.port)) as Record<string, string>
    expect(seen).toMatchObject({ GREETING: 'hi', PORT: String(started.port), HOST: '127.0.0.1' })
    expect(seen).toMatchObject({
      SLUICE_INSTANCE: 'shop/production/1',
      HOME: path.join(home, 'caches/shop/production/home'),
    })
    expect(seen['PATH']).not.toContain('node_modules')
    expect(Object.keys(seen).filter((name) => name.startsWith('npm_') || name === 'VITEST')).toEqual([])
    const { pid, startedAt } = (await runtime.status('shop/production/1'))!
    expect(Math.abs(Date.parse(startedAt!) - Date.now())).toBeLessThan(10_000)
    expect(readProcess(pid!)).toBeDefined()
  })

  test('a second start answers with what runs, also from another agent', async () => {
    const { runtime, spec, again, folder } = await runtimeBench()
    const service = spec(`echo up >>up; sleep 60`)
    const [one, two] = await Promise.all([runtime.start(service), runtime.start(service)])
    const three = await again().start(service)
    expect([two.port, three.port]).toEqual([one.port, one.port])
    await sleep(300)
    expect(readFileSync(path.join(folder, 'up'), 'utf8')).toBe('up\n')
  })

  test('two agents that start the same instance at once bring up one', async () => {
    const { runtime, spec, again, folder } = await runtimeBench()
    const service = spec(`echo up >>up; sleep 60`)
    await Promise.allSettled([runtime.start(service), again().start(service)])
    await runtime.start(service)
    await sleep(300)
    expect(readFileSync(path.join(folder, 'up'), 'utf8')).toBe('up\n')
  })

  test('no two services get one port, and a full range says so', async () => {
    // Where no other test looks for ports.
    const first = 30_000 + Math.floor(Math.random() * 2700)
    const { runtime, spec, again } = await runtimeBench('none', [first, first + 3])
    const blocker = createServer().listen(first + 1, '127.0.0.1')
    try {
      const other = again()
      const started = await Promise.all(
        [1, 2, 3].map((n) =>
          (n % 2 ? runtime : other).start(spec('sleep 60', { id: `shop/production/${n}` })),
        ),
      )
      expect(new Set(started.map(({ port }) => port))).toEqual(new Set([first, first + 2, first + 3]))
      await expect(runtime.start(spec('sleep 60', { id: 'shop/production/4' }))).rejects.toThrow(NoFreePort)
      await runtime.stop('shop/production/2', 500)
      expect((await runtime.start(spec('sleep 60', { id: 'shop/production/5' }))).port).toBe(started[1]!.port)
    } finally {
      blocker.close()
    }
  })

  test('variables are written nowhere', async () => {
    const { runtime, spec, home } = await runtimeBench()
    const secret = 'never-to-be-written'
    await runtime.start(spec('echo up; exec sleep 60', { environment: { SECRET: secret } }))
    // From then on nothing is written, so no file goes while it is looked at.
    await until(async () => (await runtime.tail('shop/production/1', 100)).includes('up'))
    const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    )
    for (const { parentPath, name } of files) {
      // A copy of Node itself, where the service could not have reached it.
      if (name === 'node') continue
      expect(readFileSync(path.join(parentPath, name), 'latin1')).not.toContain(secret)
    }
    const { pid } = (await runtime.status('shop/production/1'))!
    for (const of of [pid!, readProcess(pid!)!.parent])
      expect(readFileSync(`/proc/${of}/cmdline`, 'latin1')).not.toContain(secret)
  })

  test.runIf(asRoot)('each service runs as a user of its own', async () => {
    const { runtime, spec, users } = await runtimeBench()
    const { port } = await runtime.start(
      spec(answering('process.getuid()+" "+process.getgroups()+" "+process.umask()')),
    )
    await isListening(runtime)
    const { uid } = (await users.userOf('shop', 'production'))!
    expect(await get(port)).toBe(`${uid} ${uid} 63`)
  })
})

test.runIf(asRoot)('tools that a service cannot reach are copied to where it can', async () => {
  const { runtime, again, options, spec, home } = await runtimeBench()
  const closed = path.join(home, 'closed')
  mkdirSync(closed, { mode: 0o700 })
  for (const name of ['node', 'server.mjs'])
    writeFileSync(path.join(closed, name), '#!/bin/sh\necho "runs $1"', { mode: 0o755 })
  options.tools = { node: path.join(closed, 'node'), server: path.join(closed, 'server.mjs') }
  await again().start(spec('"$SLUICE_NODE" "$SLUICE_STATIC_SERVER"; sleep 60'))
  await until(async () => (await runtime.tail('shop/production/1', 1000)).includes(`runs ${home}/tools/`))
})

describe('supervision', () => {
  test('a service that crashes is started again with growing pauses, without any agent', async () => {
    const { runtime, spec, folder } = await runtimeBench()
    await runtime.start(spec('date +%s.%N >>starts; exit 7'))
    const starts = () => readFileSync(path.join(folder, 'starts'), 'utf8').trim().split('\n').map(Number)
    await until(async () => ((await runtime.status('shop/production/1'))?.restarts ?? 0) >= 2)
    await until(() => starts().length >= 3)
    const status = (await runtime.status('shop/production/1'))!
    expect(status.lastExit).toMatchObject({ code: 7, signal: null })
    const [first, second, third] = starts()
    expect(second! - first!).toBeGreaterThanOrEqual(0.5)
    expect(third! - second!).toBeGreaterThanOrEqual(1)
    await until(async () => (await runtime.status('shop/production/1'))?.state === 'backingOff')
    expect(await runtime.tail('shop/production/1', 1000)).toContain(
      'ended with status 7; it is started again in 2 s',
    )
  })

  test('a service that is killed comes back on its port', async () => {
    const { runtime, spec } = await runtimeBench()
    const { port } = await runtime.start(spec(answering('process.pid')))
    await isListening(runtime)
    const before = await get(port)
    process.kill(Number(before), 'SIGKILL')
    await until(async () => (await runtime.status('shop/production/1'))?.restarts === 1)
    await isListening(runtime)
    expect(await get(port)).not.toBe(before)
    expect((await runtime.status('shop/production/1'))!.lastExit).toMatchObject({
      code: null,
      signal: 'SIGKILL',
    })
  })
})

describe('listening', () => {
  test('a service that does not listen is silent', async () => {
    const { runtime, spec } = await runtimeBench()
    await runtime.start(spec('sleep 60'))
    expect(await runtime.listening('shop/production/1')).toEqual({ kind: 'silent' })
  })

  test('a service that listens elsewhere is told from one that does not listen', async () => {
    const { runtime, spec } = await runtimeBench()
    const elsewhere = `exec "$SLUICE_NODE" -e 'require("http").createServer().listen(0,"127.0.0.1",function(){console.log(this.address().port)})'`
    await runtime.start(spec(elsewhere))
    await until(async () => /\d/.test(await runtime.tail('shop/production/1', 100)))
    await sleep(300)
    const port = Number(await runtime.tail('shop/production/1', 100))
    expect(await runtime.listening('shop/production/1')).toEqual({ kind: 'otherPort', ports: [port] })
  })

  test('IPv6 loopback counts as well', async () => {
    const { runtime, spec } = await runtimeBench()
    await runtime.start(spec(answering('1'), { environment: { HOST: '::1' } }))
    await isListening(runtime)
  })

  test.runIf(asRoot)('a stranger on the port of a service is not taken for the service', async () => {
    const { runtime, spec } = await runtimeBench()
    const { port } = await runtime.start(spec('sleep 60'))
    const stranger = createServer().listen(port, '127.0.0.1')
    try {
      await sleep(50)
      expect(await runtime.listening('shop/production/1')).toEqual({ kind: 'silent' })
    } finally {
      stranger.close()
    }
  })
})

describe('stop', () => {
  test('SIGTERM lets a service finish', async () => {
    const { runtime, spec, folder, home } = await runtimeBench()
    await runtime.start(
      spec(`trap 'sleep 0.3; echo finished >end; exit 0' TERM; echo up; while :; do sleep 0.1; done`),
    )
    await until(async () => (await runtime.tail('shop/production/1', 100)).includes('up'))
    await runtime.stop('shop/production/1', 5000)
    expect(readFileSync(path.join(folder, 'end'), 'utf8')).toBe('finished\n')
    expect(await runtime.status('shop/production/1')).toBeUndefined()
    expect(await runtime.list()).toEqual([])
    expect(readdirSync(path.join(home, 'instances/shop/production'))).toEqual([])
    await runtime.stop('shop/production/1', 5000)
  })

  test('who ignores SIGTERM is killed at the deadline and the port is free', async () => {
    const { runtime, spec } = await runtimeBench()
    const { port } = await runtime.start(spec(answering('1', 'process.on("SIGTERM",()=>{})')))
    await isListening(runtime)
    const began = performance.now()
    await runtime.stop('shop/production/1', 600)
    expect(performance.now() - began).toBeGreaterThanOrEqual(590)
    await expect(get(port)).rejects.toThrow()
  })

  test('what escaped by a double fork is swept', async () => {
    const { runtime, spec, home } = await runtimeBench()
    await runtime.start(
      spec(`(setsid sh -c 'trap "" TERM; sleep 60 & while :; do sleep 1; done' &); echo up; sleep 60`),
    )
    await until(async () => (await runtime.tail('shop/production/1', 100)).includes('up'))
    await sleep(200)
    await runtime.stop('shop/production/1', 300)
    expect(survivors(home)).toEqual([])
  })

  test('stops right in the middle of a crash loop', async () => {
    const { runtime, spec, home } = await runtimeBench()
    for (const [at, wait] of [0, 30, 100, 520, 600].entries()) {
      const id = `shop/production/${at + 1}`
      await runtime.start(spec('exit 1', { id }))
      await sleep(wait)
      await runtime.stop(id, 2000)
      expect(survivors(home)).toEqual([])
    }
  })

  test('is for good: an agent that comes late starts neither it nor one before it', async () => {
    const { runtime, spec, again, home } = await runtimeBench()
    const numbered = (number: number) => spec('sleep 60', { id: `shop/production/${number}` })
    await runtime.start(numbered(1))
    await runtime.start(numbered(3))
    await runtime.stop('shop/production/3', 500)
    for (const number of [2, 3])
      await expect(again().start(numbered(number))).rejects.toThrow('not started again')
    await expect(again().restart(numbered(3))).rejects.toThrow('not started again')
    // What ran before it and still does may be brought up again: it may be what is live.
    expect(await again().restart(numbered(1))).toMatchObject({ state: 'running' })
    expect(await again().start(numbered(4))).toMatchObject({ state: 'running' })
    await runtime.stop('shop/production/1', 500)
    await runtime.stop('shop/production/4', 500)
    expect(survivors(home)).toEqual([])
  })

  test('an agent that takes over a stop keeps to its deadline', async () => {
    const { runtime, spec, home } = await runtimeBench()
    await runtime.start(spec(`trap '' TERM; echo up; while :; do sleep 0.1; done`))
    await until(async () => (await runtime.tail('shop/production/1', 100)).includes('up'))
    // What an agent leaves that is killed right after it has promised when it will kill.
    const folder = new InstanceFolder(path.join(home, 'instances/shop/production/1'))
    const record = (await folder.record())!
    await folder.write({ ...record, stopping: { killAt: bootClock() + 300, boot: bootId() } })
    // Longer than this test may take.
    await runtime.stop('shop/production/1', 120_000)
    expect(await runtime.status('shop/production/1')).toBeUndefined()
  })
})

describe('restart', () => {
  test('happens once for one generation: who comes late leaves the new one alone', async () => {
    const { runtime, spec, again } = await runtimeBench()
    const service = spec('echo up; exec sleep 60')
    const isUp = (times: number) =>
      until(async () => (await runtime.tail('shop/production/1', 100)).split('up\n').length > times)
    const { generation } = await runtime.start(service)
    await isUp(1)
    const restarted = await runtime.restart(service, generation)
    expect(restarted.generation).toBe(generation + 1)
    await isUp(2)
    const before = await runtime.status('shop/production/1')
    expect(before?.pid).toBeGreaterThan(0)
    expect(await again().restart(service, generation)).toMatchObject({
      generation: restarted.generation,
      pid: before?.pid,
    })
  })

  test('brings the service up anew on the same port, with new variables', async () => {
    const { runtime, spec } = await runtimeBench()
    const service = spec(answering('process.env.N+" "+process.pid'), { environment: { N: '1' } })
    const { port } = await runtime.start(service)
    await isListening(runtime)
    const [, before] = (await get(port)).split(' ')
    const after = await runtime.restart({ ...service, environment: { N: '2' } })
    expect(after).toMatchObject({ port, restarts: 0, state: 'running' })
    await isListening(runtime)
    expect(await get(port)).toMatch(/^2 /)
    expect(identityOf(Number(before))).toBeUndefined()
  })
})

describe('revive', () => {
  const id = 'shop/production/1'

  test('leaves alone what runs', async () => {
    const { runtime, spec, again } = await runtimeBench()
    const service = spec(answering('process.pid'))
    const { port } = await runtime.start(service)
    await isListening(runtime)
    const before = await get(port)
    expect(await again().revive(id, async () => service)).toMatchObject({ port, revived: false })
    expect(await get(port)).toBe(before)
  })

  test('brings back what is gone, on its port, and ends what its shell left', async () => {
    const { runtime, spec, again } = await runtimeBench()
    const service = spec(answering('process.pid'), { drainMs: 500 })
    const { port } = await runtime.start(service)
    await isListening(runtime)
    const orphan = Number(await get(port))
    process.kill(readProcess(orphan)!.parent, 'SIGKILL')
    await until(async () => (await runtime.status(id))?.state === 'gone')
    expect(await again().revive(id, async () => service)).toMatchObject({ port, revived: true })
    await isListening(runtime)
    expect(Number(await get(port))).not.toBe(orphan)
    expect(identityOf(orphan)).toBeUndefined()
  })

  test('several at once bring up one', async () => {
    const { runtime, spec, folder } = await runtimeBench()
    const service = spec('echo up >>up; sleep 60', { drainMs: 100 })
    await runtime.start(service)
    await until(() => existsSync(path.join(folder, 'up')))
    await runtime.halt(id, 100)
    await Promise.all([1, 2, 3].map(() => runtime.revive(id, async () => service)))
    await sleep(300)
    expect(readFileSync(path.join(folder, 'up'), 'utf8')).toBe('up\nup\n')
  })

  test('makes one anew of which nothing is known, also when a later one was stopped', async () => {
    const { runtime, spec } = await runtimeBench()
    await runtime.stop('shop/production/2', 100)
    const service = spec('sleep 60', { drainMs: 100 })
    await expect(runtime.start(service)).rejects.toThrow('was stopped')
    expect(await runtime.revive(id, async () => undefined)).toBeUndefined()
    expect(await runtime.revive(id, async () => service)).toMatchObject({ state: 'running', revived: true })
    await runtime.stop(id, 100)
    expect(await runtime.revive(id, async () => service)).toBeUndefined()
    expect(await runtime.list()).toEqual([])
  })

  test('never brings back what was stopped, or should not run', async () => {
    const { runtime, spec } = await runtimeBench()
    const service = spec('sleep 60', { drainMs: 100 })
    await runtime.start(service)
    await runtime.halt(id, 100)
    expect(await runtime.revive(id, async () => undefined)).toBeUndefined()
    const [, revived] = await Promise.all([runtime.stop(id, 100), runtime.revive(id, async () => service)])
    expect(revived).toBeUndefined()
    expect(await runtime.list()).toEqual([])
  })
})

test('ports and folders of instances that never came to be are given back', async () => {
  const { runtime, spec, home } = await runtimeBench()
  const { port } = await runtime.start(spec('sleep 60', { drainMs: 100 }))
  const register = path.join(home, 'instances/.ports')
  writeFileSync(path.join(register, '29990'), 'shop/production/9')
  mkdirSync(path.join(home, 'instances/shop/production/9'))
  expect(await runtime.tidy()).toEqual([29_990])
  expect(readdirSync(register)).toEqual([String(port)])
  expect(readdirSync(path.join(home, 'instances/shop/production'))).toEqual(['1'])
})

describe('the log of a service', () => {
  test('stays under its cap, and the service is never stopped by it', async () => {
    const { runtime, spec, home } = await runtimeBench()
    await runtime.start(
      spec(
        'i=0; while [ $i -lt 40 ]; do head -c 1000000 /dev/zero | tr "\\0" x; echo; i=$((i+1)); done; sleep 0.3; echo the end; sleep 60',
      ),
    )
    const folder = path.join(home, 'instances/shop/production/1')
    await until(async () => {
      await runtime.trimLogs()
      return (await runtime.tail('shop/production/1', 100)).includes('the end')
    })
    await runtime.trimLogs()
    const sizes = ['output', 'output.1'].map((name) => statSync(path.join(folder, name)).size)
    expect(sizes[0]! + sizes[1]!).toBeLessThanOrEqual(10 * 1024 * 1024)
  })

  test('can be followed across a cut', async () => {
    const { runtime, spec } = await runtimeBench()
    const line = 'x'.repeat(1000)
    await runtime.start(
      spec(
        `echo before; sleep 0.5; i=0; while [ $i -lt 6000 ]; do echo $i ${line}; i=$((i+1)); done; sleep 0.5; echo after; sleep 60`,
      ),
    )
    await until(async () => (await runtime.tail('shop/production/1', 100)).includes('before'))
    const abort = new AbortController()
    const seen: string[] = []
    for await (const text of runtime.follow('shop/production/1', { lines: 10, signal: abort.signal })) {
      seen.push(text.split(' ')[0]!)
      if (seen.length === 5900) await runtime.trimLogs()
      if (text === 'after') abort.abort()
    }
    expect(seen[0]).toBe('before')
    expect(seen.slice(1, -1)).toEqual(Array.from({ length: 6000 }, (_, number) => String(number)))
  })

  test('following ends with the instance', async () => {
    const { runtime, spec } = await runtimeBench()
    await runtime.start(spec('echo up; sleep 60'))
    const lines: string[] = []
    const following = (async () => {
      for await (const text of runtime.follow('shop/production/1', {
        lines: 0,
        signal: new AbortController().signal,
      }))
        lines.push(text)
    })()
    await sleep(300)
    await runtime.stop('shop/production/1', 500)
    await following
  })
})
