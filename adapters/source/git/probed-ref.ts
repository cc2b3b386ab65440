import type { Repository } from '../../../ports/source.ts'

/** Milliseconds. From the preflight of a deployment to its fetch: two steps that follow one another. */
const fresh = 2_000

/**
 * What a ref meant when it was probed a moment ago, so that the fetch right after does not ask again. It is never
 * older than the deployment that asks: each one probes by itself, which replaces what an earlier one saw.
 */
export class ProbedRef {
  #kept = new Map<string, { object: string; at: number }>()

  keep(repository: Repository, ref: string, object: string | undefined): void {
    const now = performance.now()
    for (const [key, { at }] of this.#kept) if (now - at > fresh) this.#kept.delete(key)
    if (object === undefined) this.#kept.delete(keyOf(repository, ref))
    else this.#kept.set(keyOf(repository, ref), { object, at: now })
  }

  /** Once: who asks again wants to know what it means by then. */
  take(repository: Repository, ref: string): string | undefined {
    const key = keyOf(repository, ref)
    const kept = this.#kept.get(key)
    this.#kept.delete(key)
    return kept && performance.now() - kept.at <= fresh ? kept.object : undefined
  }
}

const keyOf = ({ serviceId, url }: Repository, ref: string) => JSON.stringify([serviceId, url, ref])
