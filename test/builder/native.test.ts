import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { nativeBuilder, type NativeBuilderOptions } from '../../adapters/builder/native/index.ts'
import { detachedJobs } from '../../adapters/jobs/detached/index.ts'
import { folderReleases } from '../../adapters/releases/folders/index.ts'
import { keyFileSecrets } from '../../adapters/secrets/key-file/index.ts'
import { postgresStore } from '../../adapters/store/postgres/index.ts'
import type { Plan } from '../../contract/plan.ts'
import type { ReleaseRef } from '../../contract/workflows.ts'
import type { Builder } from '../../ports/builder.ts'
import { JobCanceled } from '../../ports/jobs.ts'
import type { Store } from '../../ports/store.ts'
import { createDatabase, startPostgres, type TestPostgres } from '../postgres.ts'
import { testHost, until } from '../process/host.ts'
import { addShop, queue } from '../store/shop.ts'

let postgres: TestPostgres
let store: Store

beforeAll(async () => {
  postgres = await startPostgres()
  store = await postgresStore({ databaseUrl: await createDatabase(postgres.url) })
})
afterAll(async () => {
  await store?.close()
  await postgres?.stop()
})
beforeEach(async () => {
  await store.services.remove('shop')
  await addShop(store)
  await queue(store, 1)
})

const release: ReleaseRef = {
  serviceId: 'shop',
  environment: 'production',
  number: 1,
  deploymentId: 'shop.production.1',
  releaseNumber: 1,
}
const plan: Plan = {
  technology: 'node',
  reasons: [],
  warnings: [],
  root: '',
  install: null,
  build: null,
  start: { command: 'true', reason: '' },
  migrate: null,
  migrateTimeoutMs: 60_000,
  reload: null,
  healthPath: null,
  bootTimeoutMs: 60_000,
  drainMs: 1000,
  soakMs: null,
  buildTimeoutMs: 60_000,
  processes: {},
  cron: [],
  tools: [],
  path: [],
  environment: { WHEN: 'run' },
  buildEnvironment: { WHEN: 'build' },
  suggestions: [],
}
type Work = Parameters<Builder['run']>[1]

async function bench(options: Partial<NativeBuilderOptions> = {}) {
  const { home, users, atEnd } = await testHost()
  const jobs = detachedJobs({ directory: path.join(home, 'jobs'), users })
  const releases = await folderReleases({ directory: path.join(home, 'environments'), users })
  const secrets = await keyFileSecrets(path.join(home, 'keys.json'))
  await (await releases.stage(release)).publish('source', {})
  const folder = releases.directory(release)
  const caches = path.join(home, 'caches')
  const builderWith = (changes: Partial<NativeBuilderOptions>) =>
    nativeBuilder({
      jobs,
      releases,
      logs: store.logs,
      secrets,
      caches,
      users,
      toolsDirectory: path.join(home, 'tools'),
      ...options,
      ...changes,
    })
  atEnd(() => jobs.discard('shop'))
  return {
    folder,
    home,
    jobs,
    builderWith,
    builder: builderWith({}),
    work: (command: string, changes: Partial<Work> = {}): Work => ({
      release,
      plan,
      command,
      variables: {},
      timeoutMs: 60_000,
      signal: new AbortController().signal,
      ...changes,
    }),
  }
}
const log = async () =>
  (await store.logs.read(release.deploymentId, { afterSeq: 0, limit: 100_000 })).map((line) => line.text)

describe('a step', () => {
  test('runs in the release with the variables of its kind, and keeps its log', async () => {
    const { builder, work, folder, home } = await bench()
    const command = 'pwd; echo "$WHEN $CI $NAME $HOME $npm_config_cache"; echo made >made; exit 3'
    const result = await builder.run('build', work(command, { variables: { NAME: 'it' }, secretValues: [] }))
    expect(result).toMatchObject({ outcome: 'exited', exitCode: 3, attached: false })
    const caches = path.join(home, 'caches/shop/production')
    expect(await log()).toEqual([folder, `build true it ${caches}/home ${caches}/cache/npm`])
    expect(readFileSync(path.join(folder, 'made'), 'utf8')).toBe('made\n')
    await builder.run('migrate', work('echo "$WHEN"'))
    expect((await log()).at(-1)).toBe('run')
  })

  test('runs in the root of the plan', async () => {
    const { builder, work, folder } = await bench()
    await builder.run('install', work('mkdir -m 777 web'))
    await builder.run('build', work('pwd', { plan: { ...plan, root: 'web' } }))
    expect(await log()).toEqual([path.join(folder, 'web')])
  })

  test('finds what an earlier step of the environment left in its cache', async () => {
    const { builder, work } = await bench()
    await builder.run('install', work('mkdir -p "$npm_config_cache"; echo kept >"$npm_config_cache/x"'))
    await builder.run('build', work('cat "$npm_config_cache/x"'))
    expect(await log()).toEqual(['kept'])
  })
})

describe('the log of a step', () => {
  test('comes while the command runs', async () => {
    const { builder, work } = await bench()
    const running = builder.run('build', work('echo begun; sleep 1.5; echo done'))
    await until(async () => (await log()).includes('begun'))
    expect(await log()).toEqual(['begun'])
    await running
    expect(await log()).toEqual(['begun', 'done'])
  })

  test('holds every line once, however often the agent is lost', async () => {
    const { builder, work } = await bench()
    const command = 'i=0; while [ $i -lt 300 ]; do echo line $i; i=$((i+1)); sleep 0.005; done'
    for (const wait of [150, 420, 270, 400]) {
      const lost = new AbortController()
      setTimeout(() => lost.abort(new Error('lost')), wait)
      await builder.run('build', work(command, { signal: lost.signal })).catch(() => {})
    }
    const result = await builder.run('build', work(command))
    expect(result).toMatchObject({ outcome: 'exited', exitCode: 0, attached: true })
    expect(await log()).toEqual(Array.from({ length: 300 }, (_, number) => `line ${number}`))
  })

  test('holds every line once when two agents read the same output', async () => {
    const { builder, work } = await bench()
    const command = 'i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i+1)); sleep 0.005; done'
    await Promise.all([1, 2, 3].map(() => builder.run('build', work(command))))
    expect(await log()).toEqual(Array.from({ length: 200 }, (_, number) => `line ${number}`))
  })

  test('hides secrets, in the tail as well, and nothing else', async () => {
    const { builder, work } = await bench()
    const variables = { KEY: 'tr0ub4dor&3', MODE: 'production' }
    const secretValues = ['tr0ub4dor&3']
    const command = 'echo "$KEY"; echo "$KEY $MODE"; printf "%s" "$KEY" | base64'
    const result = await builder.run('build', work(command, { variables, secretValues }))
    expect(await log()).toEqual(['***', '*** production', expect.stringContaining('***')])
    expect(JSON.stringify([await log(), result.tail])).not.toContain('tr0ub4dor')
    expect(result.tail).toContain('*** production')
  })

  test('hides a secret in a line that is too long for one', async () => {
    const { builder, work } = await bench()
    const command =
      'head -c 16380 /dev/zero | tr "\\0" x; printf "%s" "$KEY"; head -c 40000 /dev/zero | tr "\\0" y; echo'
    await builder.run('build', work(command, { variables: { KEY: 'correct-horse-battery' } }))
    const lines = await log()
    expect(lines.join('')).toBe(`${'x'.repeat(16_380)}***${'y'.repeat(40_000)}`)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(17_000)
  })

  test('takes any bytes', async () => {
    const { builder, work } = await bench()
    await builder.run('build', work(`printf 'a\\000b \\377 \\033[31mred\\033[0m\\r\\n'`))
    expect(await log()).toEqual(['a\uFFFDb \uFFFD \x1b[31mred\x1b[0m'])
  })

  test('of a progress bar keeps the last state, and what it shows for long', async () => {
    const { builder, work } = await bench()
    const quick = 'i=0; while [ $i -lt 50 ]; do printf "\\r%s%%" $i; i=$((i+1)); done'
    await builder.run(
      'build',
      work(`${quick}; sleep 1.3; printf "\\r60%%\\r70%%"; sleep 0.3; printf "\\r100%%\\n"; echo end`),
    )
    const lines = await log()
    expect(lines.slice(-2)).toEqual(['100%', 'end'])
    expect(lines.length).toBeLessThan(6)
    expect(lines.slice(0, -2).every((line) => line.endsWith('\r'))).toBe(true)
  })

  test('is capped, and says once how much was left out', async () => {
    const { builderWith, work } = await bench()
    const builder = builderWith({ logCap: 1000 })
    const command = 'i=0; while [ $i -lt 1000 ]; do echo 123456789; i=$((i+1)); done'
    await builder.run('build', work(command))
    await builder.run('build', work(command))
    const lines = await log()
    expect(lines).toHaveLength(101)
    expect(lines.at(-1)).toBe('[sluice] 9000 bytes of output were left out: a step keeps 1000 bytes')
  })

  test('of a canceled step keeps what was written until then', async () => {
    const { builder, work } = await bench()
    const cancel = new AbortController()
    const running = builder.run(
      'build',
      work('printf "half a line"; touch up; sleep 60', { signal: cancel.signal }),
    )
    const refused = expect(running).rejects.toThrow(JobCanceled)
    setTimeout(() => cancel.abort('cancel'), 500)
    await refused
    expect((await log())[0]).toContain('half a line')
  })

  test('100 MB without a newline need no memory to speak of', async () => {
    const { builder, work } = await bench({ logCap: 1024 * 1024 })
    const before = process.memoryUsage().rss
    await builder.run('build', work('head -c 100000000 /dev/zero | tr "\\0" x'))
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024)
    expect((await log()).at(-1)).toMatch(/bytes of output were left out/)
  })
})
