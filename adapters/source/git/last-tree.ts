import type { Mirror } from './mirror.ts'
import type { CheckedTree } from './read-tree.ts'

/** More entries than this are listed again rather than held in memory. */
const mostEntries = 20_000

/** The tree that was read last: a deployment reads and then exports the same commit, whose tree never changes. */
export class LastTree {
  #kept: { key: string; tree: CheckedTree } | undefined

  keep(mirror: Mirror, sha: string, tree: CheckedTree): void {
    this.#kept = tree.entries.length <= mostEntries ? { key: keyOf(mirror, sha), tree } : undefined
  }

  /** Once: afterwards it is forgotten. */
  take(mirror: Mirror, sha: string): CheckedTree | undefined {
    const kept = this.#kept
    if (kept?.key !== keyOf(mirror, sha)) return undefined
    this.#kept = undefined
    return kept.tree
  }
}

const keyOf = ({ directory }: Mirror, sha: string) => `${sha} ${directory}`
