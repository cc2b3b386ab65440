import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ProcessIdentity } from '../../adapters/process/identity.ts'
import { gitSource } from '../../adapters/source/git/index.ts'
import { takeLock } from '../../adapters/source/git/mirror-lock.ts'
import { commandLinesWith, hangAtPost, serveRepositories, untilGone } from './git-server.ts'
import { makeRepository, runGit, temporaryFolder } from './repositories.ts'

function setUp() {
  const root = temporaryFolder()
  const repository = makeRepository(path.join(root, 'shop'))
  const mirrors = path.join(root, 'mirrors')
  const make = () => gitSource({ mirrors, sourceRoots: [root], privateHosts: [] })
  const from = { serviceId: 'shop', url: repository.folder, credentials: null }
  return { root, repository, mirrors, mirror: path.join(mirrors, 'shop.git'), make, source: make(), from }
}

describe('the mirror of a service', () => {
  it('serves several deployments at once, also of several processes', async () => {
    const { root, repository, mirror, make, from } = setUp()
    const branches = ['one', 'two', 'three', 'four', 'five', 'six']
    const expected = branches.map((branch) => {
      repository.git('checkout', '-q', '-B', branch)
      return repository.commit({ name: branch })
    })
    const sources = [make(), make()]
    const found = await Promise.all(
      branches.map(async (branch, i) => {
        const source = sources[i % 2]!
        const { sha } = await source.resolve(from, branch)
        const out = path.join(root, 'out', branch)
        await source.export(from, sha, out)
        expect(readFileSync(path.join(out, 'name'), 'utf8')).toBe(branch)
        return sha
      }),
    )
    expect(found).toEqual(expected)
    runGit(mirror, ['fsck', '--strict'])
    expect(existsSync(`${mirror}.lock`)).toBe(false)
  })

  it('is cleared of what a killed git left', async () => {
    const { repository, mirror, source, from } = setUp()
    repository.commit({ a: '1' })
    await source.resolve(from, 'main')
    const sha = repository.commit({ a: '2' })
    writeFileSync(path.join(mirror, 'shallow.lock'), '')
    writeFileSync(path.join(mirror, 'refs', 'sluice', `${sha}.lock`), '')
    writeFileSync(path.join(mirror, 'objects', 'pack', 'tmp_pack_abc'), 'half')
    expect((await source.resolve(from, 'main')).sha).toBe(sha)
    expect(readdirSync(path.join(mirror, 'objects', 'pack'))).not.toContain('tmp_pack_abc')
  })

  it('is free when a power loss has torn its lock', async () => {
    const { repository, mirror, make, source, from } = setUp()
    const sha = repository.commit({ a: '1' })
    await source.resolve(from, 'main')
    writeFileSync(`${mirror}.lock`, '')
    const before = new Date(Date.now() - 60_000)
    utimesSync(`${mirror}.lock`, before, before)
    expect((await make().resolve(from, 'main')).sha).toBe(sha)
    expect(existsSync(`${mirror}.lock`)).toBe(false)
  })

  it('is cleared of the lock files of processes that are gone, and of no others', async () => {
    const { repository, mirrors, mirror, make, source, from } = setUp()
    const sha = repository.commit({ a: '1' })
    await source.resolve(from, 'main')
    const lock = await takeLock(`${mirror}.lock`)
    const mine = JSON.parse(readFileSync(`${mirror}.lock`, 'utf8')) as { process: ProcessIdentity }
    await lock.release()
    // This process's number, given to another one before.
    const gone = { ...mine, process: { ...mine.process, start: '1' } }
    const before = new Date(Date.now() - 60_000)
    const beside = (name: string, text: string, at = new Date()) => {
      const file = `${mirror}.lock.${name}${randomUUID()}`
      writeFileSync(file, text)
      utimesSync(file, at, at)
      return path.basename(file)
    }
    const stay = [
      beside('', JSON.stringify(mine), before),
      beside('', ''),
      `${path.basename(mirror)}.lock.txt`,
    ]
    writeFileSync(path.join(mirrors, stay[2]!), '')
    beside('', JSON.stringify(gone))
    beside('guard.', JSON.stringify(gone))
    beside('', JSON.stringify({ ...mine, space: 'elsewhere' }), before)
    beside('', '', before)
    expect((await make().resolve(from, 'main')).sha).toBe(sha)
    expect(readdirSync(mirrors).filter((name) => name.includes('.lock'))).toEqual(stay.toSorted())
  })

  const damage: Record<string, (mirror: string) => void> = {
    'has no HEAD': (mirror) => rmSync(path.join(mirror, 'HEAD')),
    'has an unreadable configuration': (mirror) => writeFileSync(path.join(mirror, 'config'), '[core\n'),
    'lost its objects': (mirror) => rmSync(path.join(mirror, 'objects'), { recursive: true }),
    'has empty object files': (mirror) => {
      for (const file of readdirSync(path.join(mirror, 'objects'), {
        recursive: true,
        withFileTypes: true,
      })) {
        if (!file.isFile()) continue
        const name = path.join(file.parentPath, file.name)
        chmodSync(name, 0o600)
        truncateSync(name)
      }
    },
    'has empty references': (mirror) => {
      const refs = path.join(mirror, 'refs', 'sluice')
      for (const name of readdirSync(refs)) truncateSync(path.join(refs, name))
    },
    'has a broken list of shallow commits': (mirror) => writeFileSync(path.join(mirror, 'shallow'), 'x\n'),
  }
  it.each(Object.entries(damage))('is made anew when it %s', async (_, harm) => {
    const { root, repository, mirror, make, source, from } = setUp()
    const sha = repository.commit({ a: '1', b: '2' })
    await source.resolve(from, 'main')
    await source.readTree(from, sha, () => true)
    harm(mirror)
    await source.export(from, sha, path.join(root, 'out'))
    expect(readFileSync(path.join(root, 'out', 'b'), 'utf8')).toBe('2')
    harm(mirror)
    expect((await make().resolve(from, 'main')).sha).toBe(sha)
  })

  it('lets a commit be exported although it was forgotten in between', async () => {
    const { root, repository, mirrors, source, from } = setUp()
    const sha = repository.commit({ a: '1' })
    await source.resolve(from, 'main')
    await source.forget('shop')
    await source.forget('shop')
    expect(readdirSync(mirrors)).toEqual(['.git-environment'])
    await source.export(from, sha, path.join(root, 'out'))
    expect(readdirSync(path.join(root, 'out'))).toEqual(['a'])
  })

  it('of a name that is no service id is never looked for', async () => {
    const { source, from } = setUp()
    await expect(source.resolve({ ...from, serviceId: '../x' }, 'main')).rejects.toThrow()
    await expect(source.forget('../x')).rejects.toThrow()
  })
})

describe.runIf(process.platform === 'linux')('an agent that is killed in the middle of a fetch', () => {
  it('does not hold up the next one, and its git is ended', async () => {
    const { root, mirrors, mirror } = setUp()
    const repository = makeRepository(path.join(root, 'served', 'shop'))
    const sha = repository.commit({ a: '1' })
    const server = await serveRepositories(path.join(root, 'served'))
    const settings = { mirrors, sourceRoots: [], privateHosts: ['127.0.0.1'], caFile: server.caFile }
    const from = { serviceId: 'shop', url: `https://127.0.0.1:${server.port}/shop/.git`, credentials: null }

    const arrived = hangAtPost(server, 2)
    const agent = startAgent(settings, from)
    await arrived
    agent.kill('SIGKILL')
    await once(agent, 'exit')
    expect(existsSync(`${mirror}.lock`)).toBe(true)
    expect(commandLinesWith(mirror)).not.toEqual([])
    server.intercept = () => false

    expect((await gitSource(settings).resolve(from, 'main')).sha).toBe(sha)
    await untilGone(mirror)
    runGit(mirror, ['fsck'])
    expect(existsSync(`${mirror}.lock`)).toBe(false)
  })
})

/** A process of its own that resolves `main`. */
function startAgent(settings: object, from: object) {
  const module = path.join(import.meta.dirname, '../../adapters/source/git/index.ts')
  const code = `import { gitSource } from ${JSON.stringify(module)}
    await gitSource(${JSON.stringify(settings)}).resolve(${JSON.stringify(from)}, 'main')`
  const agent = spawn(process.execPath, ['--input-type=module-typescript', '--eval', code], {
    stdio: 'ignore',
  })
  onTestFinished(() => void agent.kill('SIGKILL'))
  return agent
}
