import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildPacks } from '../../activities/build-packs.ts'
import { readPackRelease } from '../../activities/pack-release.ts'
import { pinPacks } from '../../activities/pin-packs.ts'
import { withProfile } from '../../activities/profile.ts'
import { nativeBuilder } from '../../adapters/builder/native/index.ts'
import { stackName } from '../../adapters/builder/native/stack-name.ts'
import { detachedJobs } from '../../adapters/jobs/detached/index.ts'
import { hostPacks } from '../../adapters/packs/host/index.ts'
import { folderReleases } from '../../adapters/releases/folders/index.ts'
import { keyFileSecrets } from '../../adapters/secrets/key-file/index.ts'
import { postgresStore } from '../../adapters/store/postgres/index.ts'
import { releaseId } from '../../contract/names.ts'
import type { DeployInput } from '../../contract/workflows.ts'
import { isDetectionFile, planWithCredentials } from '../../plan/index.ts'
import type { Store } from '../../ports/store.ts'
import { readTree } from '../../stack/read-tree.ts'
import { createDatabase, startPostgres, type TestPostgres } from '../postgres.ts'
import { testHost } from '../process/host.ts'
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

const release = {
  serviceId: 'shop',
  environment: 'production',
  number: 1,
  deploymentId: 'shop.production.1',
  releaseNumber: 1,
} as DeployInput
const never = new AbortController().signal

/** Programs that every buildpack of these tests has unless it says otherwise. */
const usual = {
  detect: 'echo Toy',
  compile: 'echo "-----> Compiling"',
}

async function bench(source: Record<string, string> = {}) {
  const { home, users, atEnd } = await testHost()
  const jobs = detachedJobs({ directory: path.join(home, 'jobs'), users })
  const releases = await folderReleases({ directory: path.join(home, 'environments'), users })
  const secrets = await keyFileSecrets(path.join(home, 'keys.json'))
  const builder = nativeBuilder({
    ...{ jobs, releases, logs: store.logs, secrets, users },
    ...{ caches: path.join(home, 'caches'), toolsDirectory: path.join(home, 'tools') },
  })
  const roots = path.join(home, 'roots')
  const packs = hostPacks({ directory: path.join(home, 'packs'), sourceRoots: [roots], privateHosts: [] })
  atEnd(() => jobs.discard('shop'))
  const staged = await releases.stage(release)
  for (const [name, content] of Object.entries(source)) {
    mkdirSync(path.dirname(path.join(staged.directory, name)), { recursive: true })
    writeFileSync(path.join(staged.directory, name), content)
  }
  await staged.publish('source', {})
  const folder = releases.directory(release)
  return {
    home,
    folder,
    packs,
    roots,
    /** Makes a buildpack as a plain folder, and answers its address. */
    pack: (name: string, programs: Partial<Record<'detect' | 'compile' | 'release', string>>): string => {
      const bin = path.join(roots, name, 'bin')
      mkdirSync(bin, { recursive: true })
      for (const [program, body] of Object.entries({ ...usual, ...programs })) {
        writeFileSync(path.join(bin, program), `#!/bin/sh\n${body}\n`)
        chmodSync(path.join(bin, program), 0o755)
      }
      return path.join(roots, name)
    },
    /** What the fetch and the build step do with them, and the plan that the release then has. */
    build: async (variables: Record<string, string> = {}) => {
      const tree = await readTree(folder, isDetectionFile)
      const planned = planWithCredentials(tree, {}, variables)
      const plan = await pinPacks({ packs }, planned.plan, planned.credentials, never)
      await store.releases.record({
        ...release,
        releaseId: releaseId('shop', 'production', 1),
        commitSha: 'a'.repeat(40),
        commitMessage: '',
        plan,
        sealedVariables: [],
        number: 1,
      })
      const context = { plan, variables, secretValues: [] }
      await buildPacks({ builder, store, releases, packs }, release, context, never)
      return (await store.releases.find(releaseId('shop', 'production', 1)))!.plan
    },
    file: (name: string) => readFileSync(path.join(folder, name), 'utf8'),
    log: async () =>
      (await store.logs.read(release.deploymentId, { afterSeq: 0, limit: 10_000 })).map(({ text }) => text),
  }
}

describe('the classic buildpack API', () => {
  test('detect, compile and release get their folders; release completes the plan', async () => {
    const { pack, build, file, folder, home, log } = await bench({ 'app.toy': 'x' })
    const url = pack('toy', {
      detect: 'test -f "$1/app.toy" && echo Toy',
      compile:
        'echo "$1|$2|$3|$HOME|$STACK|${GIT_DIR-unset}|$PWD" >"$1/seen"; mkdir -p "$2"; echo kept >>"$2/count"; ls "$2" >"$1/cached"',
      release: `echo chatter >&2
cat <<'END'
---
config_vars: {FROM_PACK: one, TAKEN: pack, PATH: /evil}
addons: [heroku-postgresql]
default_process_types:
  web: ./serve $PORT
  clock: ./tick
END`,
    })
    const plan = await build({ BUILDPACK_URL: url, TAKEN: 'mine' })
    const cache = path.join(home, 'caches/shop/production/cache/buildpack')
    const variables = path.join(home, 'caches/shop/production/tmp/sluice-packs/variables-0')
    expect(file('seen').trim()).toBe(
      [folder, cache, variables, folder, stackName(), 'unset', folder].join('|'),
    )
    expect(existsSync(variables), 'the files of the variables are gone').toBe(false)
    expect(file('cached')).toBe('count\n')
    expect(plan).toMatchObject({
      start: { command: './serve $PORT' },
      processes: { web: { command: './serve $PORT' }, clock: { command: './tick' } },
      environment: { FROM_PACK: 'one', TAKEN: 'pack' },
      packs: [{ name: url, url, pin: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) }],
    })
    // An attempt after a crash finds what has run.
    expect(await build({ BUILDPACK_URL: url, TAKEN: 'mine' })).toEqual(plan)
    expect(readFileSync(path.join(cache, 'count'), 'utf8')).toBe('kept\n')
    expect(plan.environment).not.toHaveProperty('PATH')
    expect(plan.warnings.join()).toContain('heroku-postgresql')
    const lines = await log()
    expect(lines[0]).toBe('-----> Toy app detected')
    expect(lines).not.toContain('chatter')
  })

  test('variables are files, not exported; those of the machine are never passed', async () => {
    const never7 = ['PATH', 'GIT_DIR', 'CPATH', 'CPPATH', 'LD_PRELOAD', 'LIBRARY_PATH', 'BUILDPACK_URL']
    const { pack, build, file } = await bench({ Procfile: 'web: ./serve' })
    const url = pack('toy', {
      compile:
        'ls -A "$3" >"$1/names"; cat "$3/SECRET" >"$1/secret"; env >"$1/exported"; stat -c %a "$3" >"$1/mode"',
    })
    const content = "two\nlines $HOME `id` 'quoted' \\n"
    await build({
      ...Object.fromEntries(never7.map((name) => [name, 'evil'])),
      BUILDPACK_URL: url,
      SECRET: content,
      EMPTY: '',
      name: 'a variable of the script',
    })
    expect(file('names').trim().split('\n').toSorted()).toEqual(['EMPTY', 'SECRET', 'name'])
    expect(file('secret')).toBe(content)
    expect(file('mode').trim()).toBe('700')
    expect(file('exported')).not.toMatch(/SECRET|two|evil|SLUICE_PACK|npm_config|GIT_DIR/)
  })

  test('exports reach the next one, build and cache are shared, the last release wins', async () => {
    const { pack, build, file, log, folder } = await bench()
    const first = pack('first', {
      compile:
        'echo "export TOOL=from-first PATH=\\"/first/bin:\\$PATH\\"" >"$(dirname "$(dirname "$0")")/export"; echo 1 >"$1/one"; echo 1 >"$2/shared"',
      release: 'echo "default_process_types: {web: first}"; echo "config_vars: {FIRST: yes}"',
    })
    const second = pack('second', {
      detect: 'test "$TOOL" = from-first && cat "$1/one" >/dev/null && echo Second',
      compile: 'echo "$TOOL $PATH" >"$1/got"; cp "$2/shared" "$1/from-cache"',
      release: 'echo "default_process_types: {web: second}"',
    })
    writeFileSync(path.join(folder, '.buildpacks'), `# both\n${first}\n\n${second}\n`)
    const plan = await build()
    expect(file('got')).toMatch(/^from-first \/first\/bin:/)
    expect(file('from-cache')).toBe('1\n')
    expect(plan.start.command).toBe('second')
    expect(plan.environment).not.toHaveProperty('FIRST')
    expect((await log()).filter((line) => line.startsWith('=====>'))).toEqual([
      `=====> Buildpack 1 of 2: ${first}`,
      `=====> Buildpack 2 of 2: ${second}`,
    ])
    // The buildpack itself stays as it was fetched.
    expect(existsSync(path.join(first, 'export'))).toBe(false)
  })

  test("one of Sluice's own comes after one of others, with its exports and with the service's variables", async () => {
    const { pack, build, file, folder } = await bench({
      'package.json': JSON.stringify({ scripts: { build: 'true', start: 'node a.js' } }),
      'sluice.yaml': '',
    })
    const first = pack('first', {
      compile: 'echo "export TOOL=exported" >"$(dirname "$(dirname "$0")")/export"',
      release: 'echo "default_process_types: {web: first}"',
    })
    writeFileSync(
      path.join(folder, 'package.json'),
      JSON.stringify({ scripts: { build: 'echo "$TOOL $OWN" >built', start: 'node a.js' } }),
    )
    writeFileSync(
      path.join(folder, '.buildpacks'),
      `${first}\nhttps://github.com/heroku/heroku-buildpack-nodejs\n`,
    )
    const plan = await build({ OWN: 'mine' })
    expect(file('built')).toBe('exported mine\n')
    expect(plan.start.command).toContain('start')
    expect(plan.packs?.map(({ name, pin }) => [name, pin !== null])).toEqual([
      [first, true],
      ['node', false],
    ])
  })

  test('bin/release may say nothing: a Procfile says how to start', async () => {
    const { pack, build } = await bench({ Procfile: 'web: ./mine\n' })
    const plan = await build({ BUILDPACK_URL: pack('toy', { release: "echo '--- {}'" }) })
    expect(plan.start.command).toBe('./mine')
    for (const text of ['', '---', '--- {}', 'default_process_types:'])
      expect(readPackRelease(text), text).toEqual({ processes: {}, variables: {}, addons: [], warnings: [] })
    expect(() => readPackRelease('- a list')).toThrow('not a YAML mapping')
    expect(() => readPackRelease('a: [')).toThrow()
  })

  test('profiles are sourced at start, with the release as home', async () => {
    const { pack, build, folder, home } = await bench({ Procfile: 'web: ./mine\n' })
    const plan = await build({
      BUILDPACK_URL: pack('toy', {
        compile: `mkdir "$1/.profile.d"
echo 'export ORDER="$ORDER a" TOOL="$HOME/tool"; [[ 1 == 1 ]] 2>/dev/null' >"$1/.profile.d/a.sh"
echo 'export ORDER="$ORDER b"' >"$1/.profile.d/b.sh"; echo 'exit 9' >"$1/.profile.d/not-a-script"
echo 'export ORDER="$ORDER profile"' >"$1/.profile"`,
      }),
    })
    const command = withProfile(plan, `echo "$ORDER|$TOOL|$HOME|it's"`)
    const env = { PATH: process.env['PATH']!, HOME: home }
    const said = execFileSync('/bin/sh', ['-c', command], { cwd: folder, env }).toString()
    expect(said.trim()).toBe(`a b profile|${folder}/tool|${folder}|it's`)
  })
})

describe('what stops a build', () => {
  test('a buildpack that does not detect', async () => {
    const { pack, build, log } = await bench({ Procfile: 'web: ./mine\n' })
    const url = pack('picky', { detect: 'echo no reason; exit 1', compile: 'touch "$1/compiled"' })
    await expect(build({ BUILDPACK_URL: url })).rejects.toMatchObject({
      type: 'PackNotDetected',
      message: expect.stringContaining(`The buildpack ${url} does not recognise the source`),
    })
    expect(await log()).toContain(` !     The buildpack ${url} does not recognise this source.`)
  })

  test('a bin/compile that fails, without leaving variables behind', async () => {
    const { pack, build, home } = await bench({ Procfile: 'web: ./mine\n' })
    const url = pack('broken', { compile: 'echo " !     No luck"; exit 7' })
    await expect(build({ BUILDPACK_URL: url, SECRET: 's' })).rejects.toMatchObject({
      type: 'BuildFailed',
      message: expect.stringMatching(/bin\/compile of .*exit status 7.*No luck/s),
    })
    expect(readdirSync(path.join(home, 'caches/shop/production/tmp/sluice-packs'))).toEqual(['0'])
  })

  test('a bin/release that fails', async () => {
    const { pack, build } = await bench({ Procfile: 'web: ./mine\n' })
    const failing = pack('failing', { release: 'echo why >&2; exit 3' })
    await expect(build({ BUILDPACK_URL: failing })).rejects.toMatchObject({
      type: 'BuildFailed',
      message: expect.stringMatching(/bin\/release.*why/s),
    })
  })

  test('nothing that says how to start', async () => {
    const { pack, build } = await bench()
    await expect(build({ BUILDPACK_URL: pack('toy', {}) })).rejects.toMatchObject({ type: 'NoPlan' })
  })

  test('an address that is no buildpack, not allowed, or not there', async () => {
    const { build, roots, home } = await bench({ Procfile: 'web: ./mine\n' })
    mkdirSync(path.join(roots, 'empty'), { recursive: true })
    for (const url of [path.join(roots, 'empty'), home, '/etc', `${roots}/../packs`, `${roots}/absent`])
      await expect(build({ BUILDPACK_URL: url }), url).rejects.toMatchObject({ type: 'PackUnavailable' })
  })
})
