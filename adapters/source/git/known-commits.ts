import type { FileTree } from '../../../contract/plan.ts'
import type { Commit, Repository } from '../../../ports/source.ts'
import type { CheckedTree } from './read-tree.ts'

/** Files and KiB of text, all commits together: about 15 MB. A tree that is larger than half of it is read again. */
const mostWeight = 40_000

type IsDetectionFile = (path: string) => boolean

interface Known {
  commit?: Commit
  tree?: CheckedTree
  /** What detectors see, and which files those are. */
  seen?: { by: IsDetectionFile; files: FileTree }
}

/**
 * What this process has read of commits. The preflight, the plan and the export of one deployment ask for the same,
 * and a commit never changes; so nothing is kept by the name of a branch or a tag. That the mirror still has it is not
 * said here: the export looks, and fetches it again. What was used least lately goes first.
 */
export class KnownCommits {
  #kept = new Map<string, Known>()
  #weight = 0

  of(repository: Repository, sha: string): Known {
    const key = keyOf(repository, sha)
    const known = this.#kept.get(key)
    if (!known) return {}
    this.#kept.delete(key)
    this.#kept.set(key, known)
    return known
  }

  /** Completes what is known of it already. */
  keep(repository: Repository, sha: string, more: Known): void {
    const key = keyOf(repository, sha)
    const known = { ...this.#kept.get(key), ...more }
    const weight = weightOf(known)
    if (weight > mostWeight / 2) return
    this.#drop(key)
    this.#kept.set(key, known)
    this.#weight += weight
    for (const eldest of this.#kept.keys()) {
      if (this.#weight <= mostWeight) return
      this.#drop(eldest)
    }
  }

  #drop(key: string): void {
    const known = this.#kept.get(key)
    if (!known) return
    this.#kept.delete(key)
    this.#weight -= weightOf(known)
  }
}

function weightOf({ commit, tree, seen }: Known): number {
  const texts = [commit?.message ?? '', ...Object.values(seen?.files.files ?? {})]
  const text = texts.reduce((sum, { length }) => sum + length, 0)
  return 1 + (tree?.entries.length ?? 0) + Math.ceil(text / 1024)
}

/** The url too: another repository of the service has to have the commit itself. */
const keyOf = ({ serviceId, url }: Repository, sha: string) => JSON.stringify([serviceId, url, sha])
