import { execFile, execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { keyFileSecrets } from '../../adapters/secrets/key-file/index.ts'
import { makeRepository } from '../source/repositories.ts'
import { deployDurably, releaseOf, releasesIn, routesIn, type Deploying } from './durable-state.ts'

export const program = path.join(import.meta.dirname, 'durable-state.ts')

/** A repository with two commits, and one of many files, and homes in which the first of them is live. */
export class DurableBench {
  readonly folder: string
  readonly repository: string
  readonly commits: string[]
  readonly large: string

  constructor() {
    this.folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-durable-'))
    const repository = makeRepository(path.join(this.folder, 'repository'))
    this.repository = repository.folder
    this.commits = ['1', '2'].map((version) => repository.commit(treeOf(version)))
    const many = Array.from({ length: 50 }, (_, at) => [`file-${at}`, ''])
    this.large = repository.commit(Object.fromEntries(many))
  }

  deploying(home: string, number: number): Deploying {
    return { home, repository: this.repository, commit: this.commits[number - 1]!, number }
  }

  async prepare(): Promise<void> {
    await deployDurably(this.deploying(path.join(this.folder, 'base'), 1), () => {})
  }

  copyOfBase(name: string): string {
    const home = path.join(this.folder, name)
    cpSync(path.join(this.folder, 'base'), home, { recursive: true, verbatimSymlinks: true })
    return home
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Enough that a file cannot hide in an inode. */
const treeOf = (version: string) => ({ 'version.txt': version, 'lib/large.txt': version.repeat(20_000) })

/** What a home holds; each part of one deployment or of the other, never something in between. */
export async function stateOf(home: string) {
  const releases = await releasesIn(home)
  await keyFileSecrets(path.join(home, 'secrets', 'keys.json'))
  const { book, fault } = await routesIn(home).load()
  const live = await releases.live('shop', 'production')
  const stamp = await releases.stampOf<{ commit: string }>(releaseOf(2), 'source')
  const file = (name: string) => readIfThere(path.join(home, name))
  const code = releases.directory(releaseOf(2))
  const tree = [
    readIfThere(path.join(code, 'version.txt')),
    readIfThere(path.join(code, 'lib/large.txt'))?.length,
  ]
  return {
    live: live?.number,
    routed: fault ?? book.routes[0]?.fence.deployment,
    stamp: stamp?.commit,
    tree,
    built: readIfThere(path.join(code, 'built')),
    replaced: file('replaced'),
    created: file('created-2'),
  }
}

export const wholeTree = ['2', 20_000]

const readIfThere = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined)

export const hasStrace = (() => {
  try {
    execFileSync('strace', ['-f', '-b', 'execve', '-o', '/dev/null', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

/** One thread for files, because strace counts the calls of each thread apart. */
const environment = { ...process.env, UV_THREADPOOL_SIZE: '1' }

/** Runs the program under strace with this injection; `everybody` follows its children as well. */
export function traced(
  injection: string,
  deploying: Deploying,
  { everybody = false } = {},
): Promise<{ ok: boolean; killed: boolean; acknowledged: string[]; stderr: string }> {
  const follow = everybody ? ['-f'] : ['-f', '-b', 'execve']
  const args = [...follow, '-qq', '-o', '/dev/null', '-e', `inject=${injection}`]
  return new Promise((resolve) => {
    execFile(
      'strace',
      [...args, process.execPath, program, JSON.stringify(deploying)],
      { env: environment },
      (error, stdout, stderr) => {
        resolve({
          ok: error === null,
          killed: error?.signal === 'SIGKILL',
          acknowledged: stdout.split('\n').filter(Boolean),
          stderr,
        })
      },
    )
  })
}
