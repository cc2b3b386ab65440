import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { StagedRelease } from '../../../ports/releases.ts'
import { readJsonIfThere, syncDirectory, writeDurable } from '../../files/durable.ts'
import { entriesAt } from '../../files/entries-at.ts'
import { syncFileSystem } from '../../files/file-system.ts'
import { identityOf, isAlive, type ProcessIdentity } from '../../process/identity.ts'
import type { ServiceUser } from '../../process/service-user.ts'
import { SmallTree } from './small-tree.ts'
import type { Trash } from './trash.ts'

const execute = promisify(execFile)

export const isReleaseName = (name: string): boolean => /^\d+$/.test(name)

/** `.<number>.<random>`: the folder in which one attempt makes a release, beside the one that it becomes. */
export const stagingName = (releaseNumber: number): string =>
  `.${releaseNumber}.${randomBytes(6).toString('hex')}`

/** Number of the release that is made in a folder of this name. */
export function stagedNumber(name: string): number | undefined {
  const number = /^\.(\d+)\.[0-9a-f]{12}$/.exec(name)?.[1]
  return number === undefined ? undefined : Number(number)
}

/** Paths of the folders in which attempts are making, or have left, this release. */
export async function stagingsOf(releases: string, releaseNumber: number): Promise<string[]> {
  const names = await entriesAt(releases)
  return names.filter((name) => stagedNumber(name) === releaseNumber).map((name) => path.join(releases, name))
}

const ownerFile = (folder: string): string => path.join(folder, 'owner.json')

/** Says that this process makes a release there. */
export const own = (folder: string): Promise<void> =>
  writeFile(ownerFile(folder), JSON.stringify(identityOf(process.pid)), { mode: 0o600 })

/** One whose process has died; where it is not known (yet), it may be about to say so. */
export async function isAbandoned(folder: string): Promise<boolean> {
  const owner = await readJsonIfThere<ProcessIdentity>(ownerFile(folder)).catch(() => undefined)
  return owner !== undefined && !isAlive(owner)
}

/**
 * A release that one attempt makes. Attempts of one step may overlap (one was frozen, and wakes up), so each has a
 * folder of its own, and the first that is complete becomes the release by one rename, which no other can repeat:
 * a folder that is not empty is never replaced.
 */
export class Staging implements StagedRelease {
  readonly #folder: string
  readonly #releaseNumber: number
  readonly #user: ServiceUser | null
  readonly #trash: Trash

  /** `folder` is there, with `code` and `stamps` in it. */
  constructor(folder: string, releaseNumber: number, user: ServiceUser | null, trash: Trash) {
    this.#folder = folder
    this.#releaseNumber = releaseNumber
    this.#user = user
    this.#trash = trash
  }

  get directory(): string {
    return path.join(this.#folder, 'code')
  }

  async publish(step: string, report: unknown): Promise<boolean> {
    // The stamp promises a whole tree, also after a power loss.
    await this.#handOver()
    await writeDurable(path.join(this.#folder, 'stamps', `${step}.json`), JSON.stringify(report), {
      mode: 0o600,
    })
    await rm(ownerFile(this.#folder), { force: true })
    const isFirst = await this.#takePlace(step)
    const others = await stagingsOf(path.dirname(this.#folder), this.#releaseNumber)
    for (const folder of others) await this.#trash.remove(folder)
    return isFirst
  }

  discard(): Promise<void> {
    return this.#trash.remove(this.#folder)
  }

  /** To the service's user, and to the disk. */
  async #handOver(): Promise<void> {
    await chmod(this.directory, 0o700)
    const user = this.#user
    const small = await SmallTree.of(this.directory)
    if (small) {
      if (user) await small.giveTo(user)
      await small.sync()
      await syncDirectory(this.#folder)
    } else {
      // -P and -h: links are handed over themselves, never what they lead to.
      if (user) await execute('chown', ['-R', '-P', '-h', `${user.uid}:${user.gid}`, '--', this.directory])
      await syncFileSystem(this.#folder)
    }
  }

  async #takePlace(step: string): Promise<boolean> {
    const releases = path.dirname(this.#folder)
    const release = path.join(releases, String(this.#releaseNumber))
    if (!(await renameToFree(this.#folder, release))) {
      const stamps = await entriesAt(path.join(release, 'stamps'))
      if (stamps.includes(`${step}.json`)) return false
      // Somebody took parts of it away: it is no release any more.
      await this.#trash.remove(release)
      if (!(await renameToFree(this.#folder, release))) return false
    }
    await syncDirectory(releases)
    return true
  }
}

/** @returns false when a folder with something in it has that name. */
async function renameToFree(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}
