import { crc32 } from 'node:zlib'
import { getFileNameLowLevel, openPromise, type Entry, type ZipFile } from 'yauzl'
import { ArchiveError } from '../../../ports/archives.ts'
import { shownPath, type ArchiveEntry, type ArchivePart } from './entry.ts'

/** Bytes of a link's target: Linux takes no longer one. */
const longestTarget = 4096

/** One entry of the directory at the end of a zip, not read yet. */
export interface ZipEntry {
  path: string
  /** What it says that it expands to; held to while it is read. */
  size: number
  entry: ArchiveEntry
  /** @throws ArchiveError malformed when its sum or its size is another */
  content(): AsyncGenerator<Buffer>
}

/**
 * The entries of a zip as they are listed, without their content.
 * @throws ArchiveError malformed, rejected
 */
export async function* listZip(file: string): AsyncGenerator<ZipEntry> {
  const zip = await openPromise(file, { autoClose: false, decodeStrings: false }).catch(damaged)
  try {
    const entries = zip.eachEntry()
    for (;;) {
      const next = await entries.next().catch(damaged)
      if (next.done) return
      yield await entryOf(zip, next.value)
    }
  } finally {
    zip.close()
  }
}

/** @param account told each time how many bytes more it expanded to; throws when it is too much */
export async function* readZip(file: string, account: (bytes: number) => void): AsyncGenerator<ArchivePart> {
  for await (const { entry, content } of listZip(file)) {
    yield { entry }
    if (entry.kind !== 'file') continue
    for await (const chunk of content()) {
      account(chunk.length)
      yield { chunk }
    }
  }
}

async function entryOf(zip: ZipFile, raw: Entry): Promise<ZipEntry> {
  // Without `decodeStrings` the name is its bytes, whatever the types say.
  const bytes = raw.fileName as unknown as Buffer
  const path = getFileNameLowLevel(raw.generalPurposeBitFlag, bytes, raw.extraFields, false)
  if (raw.isEncrypted())
    throw new ArchiveError(
      'rejected',
      `${shownPath(path)} is encrypted. Make the archive without a password.`,
    )
  const mode = raw.externalFileAttributes >>> 16
  const kind = kindOf(path, mode)
  const content = () => contentOf(zip, raw, path)
  if (kind === 'link' && raw.uncompressedSize > longestTarget)
    throw new ArchiveError('rejected', `${shownPath(path)} is a symbolic link with an impossible target.`)
  const target = kind === 'link' ? { target: (await whole(content())).toString('utf8') } : {}
  return {
    path,
    size: raw.uncompressedSize,
    entry: { path, kind, what: `a special file (mode ${mode.toString(8)})`, mode, ...target },
    content,
  }
}

/** The upper half of the attributes is the mode of Unix where the writer has one, and 0 elsewhere. */
function kindOf(path: string, mode: number): ArchiveEntry['kind'] {
  const type = mode & 0o170000
  if (type === 0o120000) return 'link'
  if (type === 0 || type === 0o100000) return path.endsWith('/') ? 'directory' : 'file'
  return type === 0o040000 ? 'directory' : 'other'
}

async function* contentOf(zip: ZipFile, raw: Entry, path: string): AsyncGenerator<Buffer> {
  const stream = await zip.openReadStreamPromise(raw).catch(damaged)
  let sum = 0
  try {
    for await (const chunk of stream) {
      sum = crc32(chunk as Buffer, sum)
      yield chunk as Buffer
    }
  } catch (error) {
    damaged(error)
  } finally {
    stream.destroy()
  }
  if (sum !== raw.crc32)
    throw new ArchiveError('malformed', `The archive is damaged: the sum of ${shownPath(path)} is wrong.`)
}

export async function whole(content: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of content) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** What the library and zlib throw is about the archive; what the disk throws is not. */
function damaged(error: unknown): never {
  const { code, message } = error as NodeJS.ErrnoException
  if (code !== undefined && !code.startsWith('Z_')) throw error
  if (error instanceof ArchiveError) throw error
  throw new ArchiveError(
    'malformed',
    `The archive is cut off or damaged: ${shownPath(message)}. Make it again and send all of it.`,
  )
}
