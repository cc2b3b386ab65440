import { randomUUID } from 'node:crypto'
import { link, readdir, readlink, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readJsonIfThere } from '../../files/durable.ts'
import { bootId, identityOf, isAlive, type ProcessIdentity } from '../../process/identity.ts'

/** What stands in the lock file. */
interface Holder {
  token: string
  space: string
  process: ProcessIdentity
  /** The git that the holder runs, leader of its process group. */
  git: ProcessIdentity | null
}

export interface HeldLock {
  /** Notes which git runs, so that whoever takes over from a crashed holder can end it first. */
  note(pid: number): Promise<void>
  release(): Promise<void>
}

/** A holder elsewhere (another container on the same folder) cannot be looked at; it refreshes its file instead. */
const refreshMs = 2_000
const silentMs = 12_000

/**
 * Takes the lock file, waiting for as long as its holder lives. Server and agent share the mirrors, so a queue
 * inside one process is not enough. Rejects with the signal's reason when that aborts.
 */
export async function takeLock(file: string, signal?: AbortSignal): Promise<HeldLock> {
  const mine: Holder = {
    token: randomUUID(),
    space: await processSpace(),
    process: identityOf(process.pid)!,
    git: null,
  }
  for (let pause = 20; ; pause = Math.min(pause * 1.5, 200)) {
    signal?.throwIfAborted()
    const holder = await readHolder(file)
    if (!holder) {
      if (await create(file, mine)) {
        await clearUnfinished(file, mine.space)
        return held(file, mine)
      }
    } else if (await isAbandoned(file, holder, mine.space)) {
      await clear(file, holder, mine.space, signal)
    } else {
      await sleep(pause, undefined, signal ? { signal } : {}).catch(() => {})
    }
  }
}

function held(file: string, mine: Holder): HeldLock {
  const refresh = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => {}), refreshMs)
  refresh.unref()
  return {
    async note(pid) {
      const next = `${file}.${mine.token}`
      await writeFile(next, JSON.stringify({ ...mine, git: identityOf(pid) ?? null }), { mode: 0o600 })
      await rename(next, file)
    },
    async release() {
      clearInterval(refresh)
      // After a long pause of this process somebody may have taken it over.
      if ((await readHolder(file))?.token === mine.token) await rm(file, { force: true })
    },
  }
}

/**
 * Removes an abandoned lock. Only one may look and remove at a time, else the second would remove
 * the lock that the first has just taken; what guards that is again such a lock.
 */
async function clear(file: string, abandoned: Holder, space: string, signal?: AbortSignal): Promise<void> {
  const guard = await takeLock(`${file}.guard`, signal)
  try {
    const now = await readHolder(file)
    if (now?.token !== abandoned.token) return
    if (now.space === space && now.git && isAlive(now.git)) endGroup(now.git.pid)
    await rm(file, { force: true })
  } finally {
    await guard.release()
  }
}

/**
 * Removes what killed processes left beside the lock: files that they were about to link or rename to it. One that is
 * torn says nothing of its maker, who may be writing it at this moment: it goes once it has been silent for long.
 */
async function clearUnfinished(file: string, space: string): Promise<void> {
  const { dir, base } = path.parse(file)
  const names = await readdir(dir)
  for (const name of names.filter((one) => one.startsWith(base) && unfinished.test(one.slice(base.length)))) {
    const left = path.join(dir, name)
    const maker = await readHolder(left)
    if (maker && (await isAbandoned(left, maker, space))) await rm(left, { force: true })
  }
}

/** The lock's name, or that of its guard, with a token behind it. */
const unfinished = /^(\.guard)*\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

async function isAbandoned(file: string, holder: Holder, space: string): Promise<boolean> {
  if (holder.space === space) return !isAlive(holder.process)
  const touched = await stat(file).catch(() => undefined)
  return touched !== undefined && Date.now() - touched.mtimeMs > silentMs
}

/**
 * Not synced to the disk: after a power loss nobody holds it any more. Only one of several wins.
 * @returns false when the file is there
 */
async function create(file: string, mine: Holder): Promise<boolean> {
  const complete = `${file}.${mine.token}`
  await writeFile(complete, JSON.stringify(mine), { mode: 0o600 })
  try {
    await link(complete, file)
    return true
  } catch (error) {
    // ENOENT: this process slept for so long that another took it for dead and cleared its file away.
    if (['EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  } finally {
    await rm(complete, { force: true })
  }
}

/** undefined when nobody holds it. One that a power loss has torn is nobody's of this boot. */
async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return await readJsonIfThere<Holder>(file)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { token: '', space: '', process: identityOf(process.pid)!, git: null }
  }
}

/** A git whose caller was killed: nobody waits for its result. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has just ended.
  }
}

/** Where process numbers mean the same: one machine, or one container on it. */
async function processSpace(): Promise<string> {
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '')
  return `${os.hostname()}/${bootId()}/${namespace}`
}
