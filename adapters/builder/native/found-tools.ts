import type { ServiceUser } from '../../process/service-user.ts'
import { hasTool, toolVersion } from './tool-version.ts'

/** Milliseconds. A program that was just installed is asked about at once; one that was there is believed for a minute. */
const believed = 60_000

/** What was looked up on the host. Only what was found is kept: to look costs a process or two each. */
export class FoundTools {
  #found = new Map<string, { at: number; version: string }>()

  async has(tool: string, user: ServiceUser | null): Promise<boolean> {
    if (this.#kept(tool, user)) return true
    const there = await hasTool(tool, user)
    if (there) this.#found.set(keyOf(tool, user), { at: performance.now(), version: '' })
    return there
  }

  /** Of one that does not tell its version, it is asked again. */
  async versionOf(tool: string, user: ServiceUser | null): Promise<string> {
    const kept = this.#kept(tool, user)
    if (kept && kept.version !== '') return kept.version
    const version = await toolVersion(tool, user)
    if (kept) kept.version = version
    return version
  }

  #kept(tool: string, user: ServiceUser | null) {
    for (const [key, { at }] of this.#found) if (performance.now() - at > believed) this.#found.delete(key)
    return this.#found.get(keyOf(tool, user))
  }
}

/** Users differ in what they can reach. */
const keyOf = (tool: string, user: ServiceUser | null): string => `${user?.uid ?? ''} ${tool}`
