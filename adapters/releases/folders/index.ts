import { execFile } from 'node:child_process'
import { access, chmod, mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Fence } from '../../../contract/routing.ts'
import type { ReleaseRef } from '../../../contract/workflows.ts'
import type { LiveRelease, Pointed, Releases } from '../../../ports/releases.ts'
import { readJsonIfThere, writeDurable } from '../../files/durable.ts'
import { syncFileSystem } from '../../files/file-system.ts'
import { assertReachable } from '../../process/reachable.ts'
import { makePassages, makePrivate } from '../../process/service-folders.ts'
import type { ServiceUsers } from '../../process/service-user.ts'
import { LivePointer } from './live-pointer.ts'
import { Trash } from './trash.ts'

export interface FolderReleasesOptions {
  /** `<service>/<environment>/releases/<number>/{code,stamps}` come below it. */
  directory: string
  users: ServiceUsers
}

const execute = promisify(execFile)

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

  constructor({ directory, users }: FolderReleasesOptions, trash: Trash) {
    this.#directory = directory
    this.#users = users
    this.#trash = trash
  }

  directory(release: ReleaseKey): string {
    return path.join(this.#folder(release), 'code')
  }

  async create(release: ReleaseKey): Promise<string> {
    await this.#refuseLive(release)
    await this.#trash.remove(this.#folder(release))
    const { serviceId, environment, releaseNumber } = release
    const user = await this.#users.userOf(serviceId, environment)
    const code = this.directory(release)
    await this.#passTo(serviceId, environment, 'releases', String(releaseNumber))
    await assertReachable(code, user)
    await mkdir(path.join(this.#folder(release), 'stamps'), { mode: 0o700 })
    await makePrivate(code, user)
    return code
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

  async handOver(release: ReleaseKey): Promise<void> {
    const code = this.directory(release)
    const user = await this.#users.userOf(release.serviceId, release.environment)
    await chmod(code, 0o700)
    // -P and -h: links are handed over themselves, never what they lead to.
    if (user) await execute('chown', ['-R', '-P', '-h', `${user.uid}:${user.gid}`, '--', code])
  }

  keep(release: ReleaseKey): Promise<void> {
    return syncFileSystem(this.#folder(release))
  }

  async discard(release: ReleaseRef): Promise<void> {
    if (release.number !== release.releaseNumber) return
    await this.#refuseLive(release)
    await this.#trash.remove(this.#folder(release))
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
    const folder = path.join(this.#environmentFolder(serviceId, environment), 'releases')
    const names = await readdir(folder).catch(() => [])
    const numbers = names.filter((name) => /^\d+$/.test(name)).map(Number)
    return numbers.toSorted((a, b) => b - a)
  }

  async prune(serviceId: string, environment: string, keep: number, always: number[]): Promise<number[]> {
    const numbers = await this.list(serviceId, environment)
    const live = await this.live(serviceId, environment)
    const kept = new Set([...numbers.slice(0, keep), ...always, live?.releaseNumber])
    const removed = numbers.filter((number) => !kept.has(number))
    for (const releaseNumber of removed) {
      await this.#trash.remove(this.#folder({ serviceId, environment, releaseNumber }))
    }
    return removed
  }

  forget(serviceId: string, environment: string): Promise<void> {
    return this.#trash.remove(this.#environmentFolder(serviceId, environment))
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
    return path.join(this.#environmentFolder(serviceId, environment), 'releases', String(releaseNumber))
  }

  #stampFile(release: ReleaseKey, step: string): string {
    return path.join(this.#folder(release), 'stamps', `${segment(step)}.json`)
  }
}

/** Only those that are named as services and environments are. */
async function foldersIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory() && isName(entry.name)).map(({ name }) => name)
}

const isName = (name: string): boolean => /^[a-z0-9][a-z0-9-]*$/.test(name)

/** @throws Error when the name could lead elsewhere. */
function segment(name: string): string {
  if (!isName(name)) throw new Error(`${name} cannot be the name of a folder`)
  return name
}
