import { createReadStream } from 'node:fs'
import { pipeline, type Duplex } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { Parser, type ReadEntry } from 'tar'
import { ArchiveError } from '../../../ports/archives.ts'
import type { ArchiveEntry, ArchivePart } from './entry.ts'
import { isTarHeader, type ArchiveFormat } from './format.ts'

const decompressors: Partial<Record<ArchiveFormat, () => Duplex>> = {
  'tar.gz': () => createGunzip(),
  'tar.zst': () => createZstdDecompress(),
}

/**
 * Reads a tar with what it is compressed with. Memory stays small whatever it holds: each piece is taken before the
 * next is read.
 * @param account told each time how many bytes more it expanded to; throws when it is too much
 * @throws ArchiveError malformed
 */
export async function* readTar(
  file: string,
  format: ArchiveFormat,
  account: (bytes: number) => void,
): AsyncGenerator<ArchivePart> {
  const tar = new TarParts()
  for await (const chunk of decompressed(file, format)) {
    account(chunk.length)
    // What follows the end is padding; it is read all the same, since the sum of gzip comes last.
    if (!tar.ended) yield* tar.take(chunk)
  }
  yield* tar.finish()
}

async function* decompressed(file: string, format: ArchiveFormat): AsyncGenerator<Buffer> {
  const source = createReadStream(file)
  const make = decompressors[format]
  const output = make ? pipeline(source, make(), () => {}) : source
  try {
    for await (const chunk of output) yield chunk as Buffer
  } catch (error) {
    if (!/^(Z_|ZSTD_)/.test((error as NodeJS.ErrnoException).code ?? '')) throw error
    throw new ArchiveError('malformed', `The archive is cut off or damaged: ${(error as Error).message}.`)
  } finally {
    output.destroy()
    source.destroy()
  }
}

/** The parser's callbacks only note what came: what is thrown in one of them would end the whole process. */
class TarParts {
  ended = false
  #parts: ArchivePart[] = []
  #wrong: string | undefined
  #start: Buffer | undefined = Buffer.alloc(0)
  #sawEnd = false
  #sawEntry = false
  readonly #parser = new Parser({ strict: true })

  constructor() {
    this.#parser.on('entry', (entry: ReadEntry) => {
      this.#sawEntry = true
      this.#parts.push({ entry: entryOf(entry) })
      entry.on('data', (chunk: Buffer) => this.#parts.push({ chunk }))
    })
    this.#parser.on('ignoredEntry', (entry: ReadEntry) => {
      this.#parts.push({ entry: { ...entryOf(entry), kind: 'other', what: entry.type } })
    })
    this.#parser.on('nullBlock', () => (this.#sawEnd = true))
    this.#parser.on('eof', () => {
      this.#sawEnd = true
      this.ended = true
    })
    this.#parser.on('error', (error: Error) => {
      // One that holds nothing is whole all the same; that it is empty is said elsewhere.
      if (this.#sawEntry || !this.#sawEnd) this.#wrong ??= error.message
    })
  }

  *take(chunk: Buffer): Generator<ArchivePart> {
    const whole = this.#afterStart(chunk)
    if (whole) this.#parser.write(whole)
    yield* this.#taken()
  }

  *finish(): Generator<ArchivePart> {
    if (this.#start) throw malformed('it is no tar inside')
    this.#parser.end()
    yield* this.#taken()
    if (!this.#sawEnd) throw malformed('its end is missing')
  }

  /** The parser would unpack what is compressed twice, past every limit. */
  #afterStart(chunk: Buffer): Buffer | undefined {
    if (!this.#start) return chunk
    const start = Buffer.concat([this.#start, chunk])
    this.#start = start
    if (start.length < 512) return undefined
    if (!isTarHeader(start)) throw malformed('what is compressed in it is no tar')
    this.#start = undefined
    return start
  }

  *#taken(): Generator<ArchivePart> {
    yield* this.#parts.splice(0)
    if (this.#wrong !== undefined) throw malformed(this.#wrong)
  }
}

const kinds: Partial<Record<string, ArchiveEntry['kind']>> = {
  File: 'file',
  OldFile: 'file',
  ContiguousFile: 'file',
  Directory: 'directory',
  SymbolicLink: 'link',
  Link: 'hardLink',
}

const entryOf = ({ path, type, mode = 0, linkpath }: ReadEntry): ArchiveEntry => ({
  path,
  kind: kinds[type] ?? 'other',
  what: type,
  mode,
  ...(linkpath === undefined ? {} : { target: linkpath }),
})

const malformed = (why: string) =>
  new ArchiveError(
    'malformed',
    `The archive is cut off or damaged: ${why}. Make it again and send all of it.`,
  )
