import { SourceError } from '../../../ports/source.ts'
import type { Mirror } from './mirror.ts'
import { treeLimits } from './options.ts'

export interface TreeEntry {
  /** As git has it; two paths that differ only in bytes that are no UTF-8 stay two. One character per byte. */
  bytes: string
  path: string
  kind: 'file' | 'link' | 'submodule'
  object: string
  /** Bytes of the content. */
  size: number
}

/**
 * Every file of a commit, sorted by path.
 * @throws SourceError SourceRejected when there are more, or they are larger, than is ever deployed
 */
export async function listTree(mirror: Mirror, sha: string): Promise<TreeEntry[]> {
  const listing = await mirror.read(['ls-tree', '-r', '-l', '-z', '--full-tree', sha], {
    outputLimit: treeLimits.listingBytes,
  })
  const lines = listing.stdout.toString('latin1').split('\0')
  if (listing.ended === 'outputLimit' || lines.length - 1 > treeLimits.paths) {
    throw new SourceError('SourceRejected', `The commit holds more than ${treeLimits.paths} files.`)
  }
  const entries = lines.filter((line) => line !== '').map(parseEntry)
  const total = entries.reduce((sum, { size }) => sum + size, 0)
  if (total > treeLimits.bytes) {
    throw new SourceError(
      'SourceRejected',
      `The files of the commit are ${total} bytes; at most ${treeLimits.bytes} are deployed.`,
    )
  }
  return entries
}

function parseEntry(line: string): TreeEntry {
  const match = /^(\d{6}) (\w+) ([0-9a-f]+) +(\d+|-)\t([^]*)$/.exec(line)
  if (!match) throw new Error(`ls-tree answered ${JSON.stringify(line)}`)
  const [, mode, , object, size, bytes] = match
  return {
    bytes: bytes!,
    path: Buffer.from(bytes!, 'latin1').toString('utf8'),
    kind: mode === '160000' ? 'submodule' : mode === '120000' ? 'link' : 'file',
    object: object!,
    size: size === '-' ? 0 : Number(size),
  }
}
