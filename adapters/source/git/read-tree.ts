import type { FileTree } from '../../../contract/plan.ts'
import { readBlobs } from './blobs.ts'
import { follow } from '../link.ts'
import type { Mirror } from './mirror.ts'
import { treeLimits } from './options.ts'
import { checkTree } from './tree-check.ts'
import { listTree, type TreeEntry } from './tree.ts'

/** The entries of a commit, none of which is refused, and where its links lead. */
export interface CheckedTree {
  entries: TreeEntry[]
  links: Map<string, string>
}

export async function checkedTree(mirror: Mirror, sha: string): Promise<CheckedTree> {
  const entries = await listTree(mirror, sha)
  const linkEntries = entries.filter(({ kind, size }) => kind === 'link' && size <= treeLimits.pathBytes)
  const targets = await readBlobs(mirror, linkEntries)
  // A link without a known target is longer than any path, and is kept as one that leads out.
  const links = new Map(
    entries
      .filter(({ kind }) => kind === 'link')
      .map(({ bytes, object }) => [bytes, targets.get(object)?.toString('latin1') ?? '/']),
  )
  checkTree(entries, links)
  return { entries, links }
}

/** What detectors see of a commit. A detection file that is larger than 1 MiB is in `paths` only. */
export async function readFileTree(
  mirror: Mirror,
  { entries, links }: CheckedTree,
  isDetectionFile: (path: string) => boolean,
): Promise<FileTree> {
  const byPath = new Map(entries.map((entry) => [entry.bytes, entry]))
  const contentOf = (entry: TreeEntry) =>
    entry.kind === 'link' ? byPath.get(follow(entry.bytes, links) ?? '') : entry
  const wanted = withinLimit(
    entries.flatMap((entry) => {
      const content = isDetectionFile(entry.path) ? contentOf(entry) : undefined
      return content?.kind === 'file' ? [{ path: entry.path, content }] : []
    }),
  )
  const blobs = await readBlobs(
    mirror,
    wanted.map(({ content }) => content),
  )
  // TextDecoder drops a byte order mark, which JSON.parse would stumble over.
  const text = new TextDecoder()
  return {
    paths: entries.map(({ path }) => path).toSorted(),
    files: Object.fromEntries(
      wanted.map(({ path, content }) => [path, text.decode(blobs.get(content.object))]),
    ),
  }
}

/** Those near the top first: a service's own files lie there, and vendored copies deep below. */
function withinLimit(files: { path: string; content: TreeEntry }[]): { path: string; content: TreeEntry }[] {
  let total = 0
  return files
    .filter(({ content }) => content.size <= treeLimits.detectionFileBytes)
    .toSorted((a, b) => a.path.split('/').length - b.path.split('/').length)
    .filter(({ content }) => (total += content.size) <= treeLimits.detectionBytes)
}
