import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Limits } from '../../../contract/limits.ts'
import type { CgroupFolders } from './place.ts'

/** How long an empty cgroup may refuse to go: its last process is still being taken apart. */
const removalLimitMs = 5000
const freezeLimitMs = 500

/**
 * The processes of one job or one instance, as the kernel knows them: nobody leaves by a fork or a new session.
 * A service or command that may do so makes cgroups inside of it, as container runtimes do: they belong to it.
 * What it does is safe to repeat, and harmless once the cgroup is gone.
 */
export class Cgroup {
  readonly folders: CgroupFolders

  constructor(folders: CgroupFolders) {
    this.folders = folders
  }

  /** @throws Error when the kernel refuses it. */
  create({ memory, processes }: Limits): void {
    for (const folder of this.#each()) mkdirSync(folder, { recursive: true })
    const { memory: byMemory, pids: byPids } = this.folders
    if (byPids) writeFileSync(path.join(byPids, 'pids.max'), String(processes))
    if (byMemory && memory !== null) limitMemory(byMemory, memory)
  }

  /** Whether it was made and not removed since. */
  exists(): boolean {
    return this.#each().some((folder) => existsSync(folder))
  }

  members(): number[] {
    const folders = this.#each().flatMap(treeOf)
    const pids = folders.flatMap((folder) => numbersIn(path.join(folder, 'cgroup.procs')))
    return [...new Set(pids)]
  }

  /** SIGKILL to everybody in it at one moment, so that nobody escapes by forking. */
  async kill(): Promise<void> {
    const { freezer } = this.folders
    if (freezer && writeIfThere(path.join(freezer, 'cgroup.kill'), '1')) return
    const state = freezer && path.join(freezer, 'freezer.state')
    // While they are frozen nobody ends, so no pid is given to a stranger between the look and the signal.
    if (state && writeIfThere(state, 'FROZEN')) await frozen(state)
    try {
      for (const pid of this.members()) killOne(pid)
    } finally {
      // One inside that was frozen by itself, as a paused container is, would keep its dead.
      for (const folder of freezer ? treeOf(freezer) : [])
        writeIfThere(path.join(folder, 'freezer.state'), 'THAWED')
    }
  }

  /** Resolves once it is gone. @throws Error when somebody in it does not end */
  async remove(): Promise<void> {
    const end = performance.now() + removalLimitMs
    for (const folder of this.#each()) {
      while (!removedWhole(folder)) {
        if (performance.now() > end)
          throw new Error(`the cgroup ${folder} could not be removed: it is in use`)
        await this.kill()
        await sleep(5)
      }
    }
  }

  /** How often a process or thread was refused because of the limit. */
  refusals(): number {
    const { pids } = this.folders
    const events = pids ? textOf(path.join(pids, 'pids.events')) : ''
    return Number(/^max (\d+)$/m.exec(events)?.[1] ?? 0)
  }

  #each(): string[] {
    return [...new Set(Object.values(this.folders))]
  }
}

/** Without swap: a service that outgrows its limit ends with a reason instead of crawling along. */
function limitMemory(folder: string, bytes: number): void {
  if (existsSync(path.join(folder, 'memory.max'))) {
    writeFileSync(path.join(folder, 'memory.max'), String(bytes))
    writeIfThere(path.join(folder, 'memory.swap.max'), '0')
    // All of it ends, so that it comes back as a whole.
    writeIfThere(path.join(folder, 'memory.oom.group'), '1')
  } else {
    writeFileSync(path.join(folder, 'memory.limit_in_bytes'), String(bytes))
    writeIfThere(path.join(folder, 'memory.memsw.limit_in_bytes'), String(bytes))
  }
}

async function frozen(stateFile: string): Promise<void> {
  for (const end = performance.now() + freezeLimitMs; performance.now() < end; await sleep(2)) {
    if (textOf(stateFile).trim() !== 'FREEZING') return
  }
}

/** One with cgroups inside is busy even when nobody is in any: those go first. */
const removedWhole = (folder: string): boolean => removed(folder) || treeOf(folder).every(removed)

function removed(folder: string): boolean {
  try {
    rmdirSync(folder)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return true
    if (code === 'EBUSY') return false
    throw error
  }
}

/** A cgroup after all those in it. */
function treeOf(folder: string): string[] {
  return [...childrenOf(folder).flatMap(treeOf), folder]
}

function childrenOf(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => path.join(folder, name))
  } catch {
    return []
  }
}

function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}

/** False where the kernel has no such file. Without O_CREAT: the folder may be gone. */
function writeIfThere(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { flag: 'r+' })
    return true
  } catch {
    return false
  }
}

const numbersIn = (file: string): number[] =>
  textOf(file)
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0)

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
