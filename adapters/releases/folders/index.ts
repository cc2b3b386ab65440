import { access, mkdir, readdir, rmdir } from 'node:fs/promises'
import path from 'node:path'
import type { Fence } from '../../../contract/routing.ts'
import type { ReleaseRef } from '../../../contract/workflows.ts'
import type { LiveRelease, Pointed, Releases, StagedRelease } from '../../../ports/releases.ts'
import { readJsonIfThere, writeDurable } from '../../files/durable.ts'
import { emptyIfAbsent, entriesAt } from '../../files/entries-at.ts'
import { assertReachable } from '../../process/reachable.ts'
import { makePassages, makePrivate } from '../../process/service-folders.ts'
import type { ServiceUsers } from '../../process/service-user.ts'
import { LivePointer } from './live-pointer.ts'
import { isAbandoned, isReleaseName, own, stagedNumber, Staging, stagingName, stagingsOf } from './staging.ts'
import { Trash } from './trash.ts'

export interface FolderReleasesOptions {
  /** `<service>/<environment>/releases/<number>/{code,stamps}` come below it. */
  directory: string
  users: ServiceUsers
  /** On the same file system: what they hold as `<service>/<environment>` is forgotten with the environment. */
  alsoForgotten?: readonly string[]
  /** As these, but only what is empty by then. */
  alsoWhenEmpty?: readonly string[]
}

/** Releases as folders of this machine. Also finishes the removals that a crash interrupted. */
export async function folderReleases(options: FolderReleasesOptions): Promise<Releases> {
  const trash = new Trash(path.join(options.directory, '.trash'))
  await trash.prepare()
  return new FolderReleases(options, trash)
}

/** Which folder: the deployment at hand does not matter. */
type ReleaseKey = Pick<ReleaseRef, 'serviceId' | 'environment' | 'releaseNumber'>

class FolderReleases implements Releases {
  readonly #directory: string
  readonly #users: ServiceUsers
  readonly #trash: Trash

  readonly #alsoForgotten: readonly string[]
  readonly #alsoWhenEmpty: readonly string[]

  constructor(options: FolderReleasesOptions, trash: Trash) {
    this.#directory = options.directory
    this.#users = options.users
    this.#alsoForgotten = options.alsoForgotten ?? []
    this.#alsoWhenEmpty = options.alsoWhenEmpty ?? []
    this.#trash = trash
  }

  directory(release: ReleaseKey): string {
    return path.join(this.#folder(release), 'code')
  }

  async stage(release: ReleaseKey): Promise<StagedRelease> {
    await this.#refuseLive(release)
    const { serviceId, environment, releaseNumber } = release
    const user = await this.#users.userOf(serviceId, environment)
    const releases = this.#releasesFolder(serviceId, environment)
    // A disk need not hold the tree once for every attempt that was killed.
    for (const left of await stagingsOf(releases, releaseNumber))
      if (await isAbandoned(left)) await this.#trash.remove(left)
    const name = stagingName(releaseNumber)
    await this.#passTo(serviceId, environment, 'releases', name)
    const folder = path.join(releases, name)
    await own(folder)
    const staging = new Staging(folder, releaseNumber, user, this.#trash)
    await assertReachable(staging.directory, user)
    await mkdir(path.join(folder, 'stamps'), { mode: 0o700 })
    await makePrivate(staging.directory, user)
    return staging
  }

  exists(release: ReleaseKey): Promise<boolean> {
    return access(this.directory(release)).then(
      () => true,
      () => false,
    )
  }

  stampOf<T>(release: ReleaseKey, step: string): Promise<T | undefined> {
    return readJsonIfThere<T>(this.#stampFile(release, step))
  }

  stamp(release: ReleaseKey, step: string, report: unknown): Promise<void> {
    return writeDurable(this.#stampFile(release, step), JSON.stringify(report), { mode: 0o600 })
  }

  async discard(release: ReleaseRef): Promise<void> {
    if (release.number !== release.releaseNumber) return
    await this.#refuseLive(release)
    await this.#remove(release)
  }

  async live(serviceId: string, environment: string): Promise<LiveRelease | undefined> {
    return (await this.pointer(serviceId, environment))?.live ?? undefined
  }

  pointer(serviceId: string, environment: string): Promise<Pointed | undefined> {
    return this.#pointer(serviceId, environment).read()
  }

  async setLive(
    serviceId: string,
    environment: string,
    fence: Fence,
    live: LiveRelease | null,
  ): Promise<void> {
    await this.#passTo(serviceId, environment)
    await this.#pointer(serviceId, environment).move(fence, live)
  }

  async environments(): Promise<{ serviceId: string; environment: string }[]> {
    const services = await foldersIn(this.#directory)
    const found = services.map(async (serviceId) =>
      (await foldersIn(path.join(this.#directory, serviceId))).map((environment) => ({
        serviceId,
        environment,
      })),
    )
    return (await Promise.all(found)).flat()
  }

  async list(serviceId: string, environment: string): Promise<number[]> {
    const names = await entriesAt(this.#releasesFolder(serviceId, environment))
    const numbers = names.map((name) => (isReleaseName(name) ? Number(name) : stagedNumber(name)))
    return [...new Set(numbers)].filter((number) => number !== undefined).toSorted((a, b) => b - a)
  }

  async prune(serviceId: string, environment: string, keep: number, always: number[]): Promise<number[]> {
    const numbers = await this.list(serviceId, environment)
    const live = await this.live(serviceId, environment)
    const kept = new Set([...numbers.slice(0, keep), ...always, live?.releaseNumber])
    const removed = numbers.filter((number) => !kept.has(number))
    for (const releaseNumber of removed) {
      await this.#remove({ serviceId, environment, releaseNumber })
    }
    return removed
  }

  async forget(serviceId: string, environment: string): Promise<void> {
    await this.#trash.remove(this.#environmentFolder(serviceId, environment))
    const names = [segment(serviceId), segment(environment)]
    for (const folder of this.#alsoForgotten) await this.#trash.remove(path.join(folder, ...names))
    // What is in it would be somebody else's to end first.
    for (const folder of this.#alsoWhenEmpty) await rmdir(path.join(folder, ...names)).catch(() => {})
  }

  /** Also what attempts have left in their own folders. */
  async #remove(release: ReleaseKey): Promise<void> {
    const releases = this.#releasesFolder(release.serviceId, release.environment)
    const stagings = await stagingsOf(releases, release.releaseNumber)
    for (const folder of [this.#folder(release), ...stagings]) await this.#trash.remove(folder)
  }

  async #refuseLive({ serviceId, environment, releaseNumber }: ReleaseKey): Promise<void> {
    const live = await this.live(serviceId, environment)
    if (live?.releaseNumber !== releaseNumber) return
    throw new Error(
      `release ${releaseNumber} of ${serviceId}/${environment} is live: it is neither removed nor made anew`,
    )
  }

  async #passTo(...names: string[]): Promise<void> {
    await makePassages(path.dirname(this.#directory), [path.basename(this.#directory), ...names])
  }

  #pointer(serviceId: string, environment: string): LivePointer {
    return new LivePointer(this.#environmentFolder(serviceId, environment), `${serviceId}/${environment}`)
  }

  #environmentFolder(serviceId: string, environment: string): string {
    return path.join(this.#directory, segment(serviceId), segment(environment))
  }

  #folder({ serviceId, environment, releaseNumber }: ReleaseKey): string {
    return path.join(this.#releasesFolder(serviceId, environment), String(releaseNumber))
  }

  #releasesFolder(serviceId: string, environment: string): string {
    return path.join(this.#environmentFolder(serviceId, environment), 'releases')
  }

  #stampFile(release: ReleaseKey, step: string): string {
    return path.join(this.#folder(release), 'stamps', `${segment(step)}.json`)
  }
}

/** Only those that are named as services and environments are. */
async function foldersIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(emptyIfAbsent)
  return entries.filter((entry) => entry.isDirectory() && isName(entry.name)).map(({ name }) => name)
}

const isName = (name: string): boolean => /^[a-z0-9][a-z0-9-]*$/.test(name)

/** @throws Error when the name could lead elsewhere. */
function segment(name: string): string {
  if (!isName(name)) throw new Error(`${name} cannot be the name of a folder`)
  return name
}
