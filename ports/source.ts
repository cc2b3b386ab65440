import type { FileTree } from '../contract/plan.ts'

/** Where a service's code comes from, with the password taken out of the url. */
export interface Repository {
  serviceId: string
  /** null: the service's own repository in Sluice, which people push to. */
  url: string | null
  credentials: { username: string; password: string } | null
}

export interface Commit {
  sha: string
  message: string
}

/** A commit in a list: enough to be recognised. */
export interface RangeCommit {
  sha: string
  /** When it was committed, as ISO 8601 in UTC. */
  at: string
  author: string
  subject: string
}

/** How two commits differ. */
export interface CommitRange {
  /** What the later side has and the earlier has not, newest first. */
  added: RangeCommit[]
  /** The other way round: what is left behind, by going back or to another branch. */
  removed: RangeCommit[]
  /** False when there are more than these. */
  isComplete: boolean
}

/** Gets code. Nothing in a repository is ever executed here. */
export interface Source {
  /**
   * The commit that a branch, tag or SHA means now, or meant when this process probed it at most 2 s ago.
   * @throws SourceError RefNotFound, RepositoryUnreachable, SourceRejected
   */
  resolve(repository: Repository, ref: string, signal?: AbortSignal): Promise<Commit>
  /**
   * Checks that the ref exists without fetching it. Answers what it means now (a commit, or a tag of one), where that
   * is known without fetching. @throws as resolve
   */
  probe(repository: Repository, ref: string, signal?: AbortSignal): Promise<string | undefined>
  /** What detectors see of a resolved commit. */
  readTree(repository: Repository, sha: string, isDetectionFile: (path: string) => boolean): Promise<FileTree>
  /** Writes the plain tree of a resolved commit into an empty or absent folder; no `.git`. @throws as resolve */
  export(repository: Repository, sha: string, directory: string, signal?: AbortSignal): Promise<void>
  /**
   * The commits between two; undefined for what has no commits, such as archives.
   * @throws SourceError RefNotFound, RepositoryUnreachable
   */
  commitsBetween(
    repository: Repository,
    range: { from: string; to: string; limit: number },
    signal?: AbortSignal,
  ): Promise<CommitRange | undefined>
  /** Forgets the mirror of a service that was deleted. */
  forget(serviceId: string): Promise<void>
}

export class SourceError extends Error {
  override name = 'SourceError'
  readonly code:
    | 'RefNotFound'
    | 'RepositoryUnreachable'
    | 'ArchiveGone'
    | 'ArchiveUnreachable'
    | 'SourceRejected'
    | 'DiskFull'
  constructor(code: SourceError['code'], message: string) {
    super(message)
    this.code = code
  }
}
