import { randomUUID } from 'node:crypto'
import { mkdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import path from 'node:path'
import { compareFences, type Fence } from '../../../contract/routing.ts'
import type { LiveRelease, Pointed } from '../../../ports/releases.ts'
import { StaleFence } from '../../../ports/router.ts'
import { createDurable, syncAbove, writeDurable } from '../../files/durable.ts'
import { entriesAt } from '../../files/entries-at.ts'
import { readTwin, removeTwin, writeCopy } from '../../files/twin.ts'

/**
 * Which release of an environment is live: `live/<deployment>.<revision>.json`, of which the one with the greatest
 * fence counts. Each is created once, so that of an agent that was paused and the one that took its place neither
 * needs a lock, and the stale one can never win. Where a file is damaged its copy counts, else the one before it.
 * `current` is a link for people.
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
      const newestFirst = (await this.#fences()).toReversed()
      let isTidied = false
      for (const fence of newestFirst) {
        const reading = await readTwin<Pointed>(this.#file(fence))
        if (reading.kind === 'read') return reading.value
        // Because a newer one came meanwhile.
        isTidied ||= reading.kind === 'absent'
        if (isTidied) break
      }
      if (!isTidied) return undefined
    }
  }

  /** @throws StaleFence */
  async move(fence: Fence, live: LiveRelease | null): Promise<void> {
    const made = await mkdir(this.#folder, { recursive: true, mode: 0o711 })
    const wanted = JSON.stringify({ fence: plain(fence), live: live && plainLive(live) } satisfies Pointed)
    const before = (await this.#fences()).at(-1)
    if (before && compareFences(fence, before) < 0) throw new StaleFence(this.#name, before)
    const file = this.#file(fence)
    if (!(await createDurable(file, wanted)) && (await readTwin(file)).kind === 'damaged')
      await writeDurable(file, wanted)
    await syncAbove(this.#folder, made)
    const now = await this.read()
    // Another one was newer, or had this fence already and meant something else.
    if (!now || JSON.stringify(now) !== wanted) throw new StaleFence(this.#name, now?.fence ?? fence)
    await Promise.all([writeCopy(file, wanted), this.#link(live), this.#tidy(fence)])
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
    await Promise.all(older.map((fence) => removeTwin(this.#file(fence))))
  }

  /** Oldest first. */
  async #fences(): Promise<Fence[]> {
    const names = await entriesAt(this.#folder)
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
