import { MirrorDamaged } from './failure.ts'
import type { Mirror } from './mirror.ts'
import type { TreeEntry } from './tree.ts'

/**
 * The contents of blobs, by object id. The caller has looked at their sizes.
 * @throws MirrorDamaged when one is missing
 */
export async function readBlobs(mirror: Mirror, entries: readonly TreeEntry[]): Promise<Map<string, Buffer>> {
  const blobs = new Map<string, Buffer>()
  const wanted = [...new Map(entries.map((entry) => [entry.object, entry])).values()]
  if (wanted.length === 0) return blobs
  const headers = wanted.length * 128
  const { stdout } = await mirror.read(['cat-file', '--batch'], {
    input: wanted.map(({ object }) => `${object}\n`).join(''),
    outputLimit: wanted.reduce((sum, { size }) => sum + size, headers),
  })
  // Each answer is `<object> blob <size>`, a line end, the content, a line end.
  for (let at = 0; at < stdout.length;) {
    const lineEnd = stdout.indexOf(10, at)
    const [object, , size] = stdout.toString('latin1', at, lineEnd).split(' ')
    if (size === undefined)
      throw new MirrorDamaged('RepositoryUnreachable', `The mirror has lost the object ${object}.`)
    const content = lineEnd + 1
    at = content + Number(size) + 1
    blobs.set(object!, stdout.subarray(content, at - 1))
  }
  return blobs
}
