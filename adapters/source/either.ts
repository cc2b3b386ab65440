import { isArchiveRef } from '../../contract/archive-ref.ts'
import type { Source } from '../../ports/source.ts'

/** Archives and repositories side by side: what a deployment is asked for with says where its code is. */
export function eitherSource({ git, archive }: { git: Source; archive: Source }): Source {
  const sourceOf = (refOrCommit: string) => (isArchiveRef(refOrCommit) ? archive : git)
  return {
    resolve: (repository, ref, signal) => sourceOf(ref).resolve(repository, ref, signal),
    probe: (repository, ref, signal) => sourceOf(ref).probe(repository, ref, signal),
    readTree: (repository, sha, wanted) => sourceOf(sha).readTree(repository, sha, wanted),
    export: (repository, sha, directory, signal) => sourceOf(sha).export(repository, sha, directory, signal),
    async commitsBetween(repository, range, signal) {
      const isCode = !isArchiveRef(range.from) && !isArchiveRef(range.to)
      return isCode ? git.commitsBetween(repository, range, signal) : undefined
    },
    async forget(serviceId) {
      await Promise.all([git.forget(serviceId), archive.forget(serviceId)])
    },
  }
}
