import type { ServiceUser } from '../../process/service-user.ts'
import { toolVersion } from './tool-version.ts'

/** Milliseconds that a program's version is believed: to ask costs a process or two. */
const believed = 60_000

/** Versions that programs of the host have told. One that told none is asked again. */
export class FoundTools {
  #found = new Map<string, { at: number; version: string }>()

  async versionOf(program: string, user: ServiceUser | null, asks: readonly string[]): Promise<string> {
    for (const [key, { at }] of this.#found) if (performance.now() - at > believed) this.#found.delete(key)
    // Users differ in what they can run.
    const key = `${user?.uid ?? ''} ${program}`
    const kept = this.#found.get(key)
    if (kept) return kept.version
    const version = await toolVersion(program, user, asks)
    if (version !== '') this.#found.set(key, { at: performance.now(), version })
    return version
  }
}
