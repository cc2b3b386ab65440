import { ArchiveError } from '../../../ports/archives.ts'
import { shownPath } from './entry.ts'
import { archiveLimits } from './options.ts'

/**
 * The parts of a path in an archive; none for the top itself.
 * @throws ArchiveError for a name that is never written: one that leads out, or that no tool can be trusted with
 */
export function plainParts(path: string): string[] {
  const wrong = whyRejected(path)
  if (wrong !== undefined) throw new ArchiveError('rejected', `${shownPath(path)} ${wrong}`)
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  const tooLong =
    Buffer.byteLength(path) > archiveLimits.pathBytes ||
    parts.length > archiveLimits.depth ||
    parts.some((part) => Buffer.byteLength(part) > archiveLimits.nameBytes)
  if (tooLong)
    throw new ArchiveError(
      'tooLarge',
      `${shownPath(path)} is too long a path: at most ${archiveLimits.depth} folders deep, ${archiveLimits.pathBytes} bytes, and ${archiveLimits.nameBytes} for a name.`,
    )
  return parts
}

function whyRejected(path: string): string | undefined {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\0-\x1f\x7f-\x9f]/.test(path)) return 'has a line end or another control character in its name.'
  if (path.includes('\ufffd')) return 'has a name that is not UTF-8.'
  if (path.startsWith('/') || /^[A-Za-z]:\//.test(path)) return 'is an absolute path. Names must be relative.'
  if (path.split('/').includes('..')) return 'leads out of the archive (`..`).'
  return undefined
}

/**
 * What is never deployed and left out without a word: a repository's own data, whose configuration could make git
 * run programs, and what macOS adds to a zip.
 */
export const isLeftOut = (parts: readonly string[]): boolean =>
  parts[0] === '__MACOSX' || parts.some((part) => /^\.git$/i.test(part))
