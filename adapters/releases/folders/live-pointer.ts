import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import path from 'node:path'
import { compareFences, type Fence } from '../../../contract/routing.ts'
import type { LiveRelease, Pointed } from '../../../ports/releases.ts'
import { StaleFence } from '../../../ports/router.ts'
import { createDurable, readJsonIfThere, syncDirectory } from '../../files/durable.ts'

/**
 * Which release of an environment is live: `live/<deployment>.<revision>.json`, of which the one with the greatest
 * fence counts. Each is created once, so that of an agent that was paused and the one that took its place neither
 * needs a lock, and the stale one can never win. `current` is a link for people.
 */
export class LivePointer {
  readonly #environment: string
  readonly #name: string

  /** `name` is for messages. The folder of the environment need not exist yet. */
  constructor(environment: string, name: string) {
    this.#environment = environment
    this.#name = name
  }

  async read(): Promise<Pointed | undefined> {
    for (;;) {
      const newest = (await this.#fences()).at(-1)
      if (!newest) return undefined
      const pointed = await readJsonIfThere<Pointed>(this.#file(newest))
      // Tidied away because a newer one came meanwhile.
      if (pointed) return pointed
    }
  }

  /** @throws StaleFence */
  async move(fence: Fence, live: LiveRelease | null): Promise<void> {
    await this.#prepare()
    const wanted = JSON.stringify({ fence: plain(fence), live: live && plainLive(live) } satisfies Pointed)
    const before = (await this.#fences()).at(-1)
    if (before && compareFences(fence, before) < 0) throw new StaleFence(this.#name, before)
    await createDurable(this.#file(fence), wanted)
    const now = await this.read()
    // Another one was newer, or had this fence already and meant something else.
    if (!now || JSON.stringify(now) !== wanted) throw new StaleFence(this.#name, now?.fence ?? fence)
    await this.#link(live)
    await this.#tidy(fence)
  }

  async #prepare(): Promise<void> {
    const created = await mkdir(this.#folder, { recursive: true, mode: 0o711 })
    if (created) await syncDirectory(this.#environment)
  }

  /** A link is replaced by a rename: removing and making it anew would leave a moment without. */
  async #link(live: LiveRelease | null): Promise<void> {
    const link = path.join(this.#environment, 'current')
    const target = live && path.join('releases', String(live.releaseNumber))
    if (!target) return rm(link, { force: true })
    if ((await readlink(link).catch(() => undefined)) === target) return
    const temporary = `${link}.${randomUUID()}`
    await symlink(target, temporary)
    await rename(temporary, link)
  }

  async #tidy(current: Fence): Promise<void> {
    const older = (await this.#fences()).filter((fence) => compareFences(fence, current) < 0).slice(0, -1)
    await Promise.all(older.map((fence) => rm(this.#file(fence), { force: true })))
  }

  /** Oldest first. */
  async #fences(): Promise<Fence[]> {
    const names = await readdir(this.#folder).catch(() => [])
    const fences = names.flatMap((name) => {
      const match = /^(\d+)\.(\d+)\.json$/.exec(name)
      return match ? [{ deployment: Number(match[1]), revision: Number(match[2]) }] : []
    })
    return fences.toSorted(compareFences)
  }

  get #folder(): string {
    return path.join(this.#environment, 'live')
  }

  #file({ deployment, revision }: Fence): string {
    return path.join(this.#folder, `${deployment}.${revision}.json`)
  }
}

/** Always the same order of fields, so that equal content is equal text. */
const plain = ({ deployment, revision }: Fence): Fence => ({ deployment, revision })
const plainLive = ({ number, releaseNumber, instance, port }: LiveRelease): LiveRelease => ({
  number,
  releaseNumber,
  instance,
  port,
})
