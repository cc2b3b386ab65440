import { SourceError } from '../../../ports/source.ts'
import { treeLimits } from './options.ts'
import { leavesTree } from '../link.ts'
import type { TreeEntry } from './tree.ts'

/**
 * Refuses what must never lie in a release: names that no tool can be trusted with, links that lead
 * out of the tree, and submodules, whose code would silently be missing.
 * @param links where each link leads, by the bytes of its path
 * @throws SourceError SourceRejected, naming the path
 */
export function checkTree(entries: readonly TreeEntry[], links: ReadonlyMap<string, string>): void {
  for (const entry of entries) {
    const wrong = wrongName(entry.bytes) ?? wrongKind(entry, links)
    if (wrong !== undefined) throw new SourceError('SourceRejected', `${shown(entry.path)} ${wrong}`)
  }
}

function wrongName(bytes: string): string | undefined {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\0-\x1f\x7f]/.test(bytes)) return 'has a line end or another control character in its name.'
  if (
    bytes.length > treeLimits.pathBytes ||
    bytes.split('/').some((name) => name.length > treeLimits.nameBytes)
  ) {
    return 'is a longer path than a file system takes.'
  }
  return undefined
}

function wrongKind(entry: TreeEntry, links: ReadonlyMap<string, string>): string | undefined {
  if (entry.kind === 'submodule') {
    return 'is a submodule. Submodules are not supported yet: commit the files themselves, or install them as a package.'
  }
  if (entry.kind === 'link' && leavesTree(entry.bytes, links)) {
    return 'is a symbolic link that leads out of the repository.'
  }
  return undefined
}

/** Control characters visible, and short enough for a sentence. */
function shown(path: string): string {
  const text = JSON.stringify(path).slice(1, -1)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
