import { stat } from 'node:fs/promises'
import { Budget } from './budget.ts'
import { EntryCheck, type CheckedEntry } from './checked.ts'
import type { ArchivePart } from './entry.ts'
import { formatOf, type ArchiveFormat } from './format.ts'
import { javaProgram } from './java-program.ts'
import { archiveLimits } from './options.ts'
import { readTar } from './read-tar.ts'
import { readZip } from './read-zip.ts'

/** What is deployed from an archive: its entries, or the archive itself where it is a program of Java. */
export type Inspected =
  | {
      layout: 'tree'
      format: ArchiveFormat
      entries: (CheckedEntry | undefined)[]
      bytes: number
      texts: Texts
    }
  | { layout: 'program'; file: 'app.jar' | 'app.war'; bytes: number }

/** Detection files by their path. */
type Texts = ReadonlyMap<string, string>

/**
 * Reads all of an archive, to its last sum, and refuses what may never be deployed.
 * @param limit bytes that an archive may have
 * @throws ArchiveError that names the entry
 */
export async function inspect(
  file: string,
  limit: number,
  isDetectionFile: (path: string) => boolean = () => false,
): Promise<Inspected> {
  const format = await formatOf(file)
  const { size } = await stat(file)
  const program = format === 'zip' ? await javaProgram(file, size, limit) : undefined
  if (program) return { layout: 'program', file: program, bytes: size }
  const budget = new Budget(size, limit)
  const check = new EntryCheck()
  const texts = new TextKeeper(isDetectionFile)
  for await (const part of partsOf(file, format, budget.spend)) {
    if ('entry' in part) {
      budget.entry()
      check.add(part.entry)
      texts.next(part.entry.path)
    } else {
      check.grow(part.chunk.length)
      texts.add(part.chunk)
    }
  }
  const entries = check.finish()
  const bytes = entries.reduce((sum, one) => sum + (one?.size ?? 0), 0)
  return { layout: 'tree', format, entries, bytes, texts: texts.choose(entries) }
}

export const partsOf = (
  file: string,
  format: ArchiveFormat,
  account: (bytes: number) => void = () => {},
): AsyncGenerator<ArchivePart> => (format === 'zip' ? readZip(file, account) : readTar(file, format, account))

/** Contents of files that detectors may want, as far as they read them at all. */
class TextKeeper {
  readonly #isWanted: (path: string) => boolean
  readonly #contents: (Buffer[] | undefined)[] = []
  #size = 0
  #total = 0

  constructor(isWanted: (path: string) => boolean) {
    this.#isWanted = isWanted
  }

  /** The folder at the top of the archive is not known before its end, so any part of the path may be the file's. */
  next(path: string): void {
    const parts = path.split('/')
    const isCandidate = parts.some((_, at) => this.#isWanted(parts.slice(at).join('/')))
    this.#contents.push(isCandidate ? [] : undefined)
    this.#size = 0
  }

  add(chunk: Buffer): void {
    const content = this.#contents.at(-1)
    if (!content) return
    this.#size += chunk.length
    this.#total += chunk.length
    content.push(chunk)
    if (this.#size <= archiveLimits.detectionFileBytes && this.#total <= archiveLimits.detectionBytes) return
    this.#total -= this.#size
    this.#contents[this.#contents.length - 1] = undefined
  }

  choose(entries: readonly (CheckedEntry | undefined)[]): Texts {
    // TextDecoder drops a byte order mark, which JSON.parse would stumble over.
    const text = new TextDecoder()
    return new Map(
      entries.flatMap((entry, at) => {
        const content = this.#contents[at]
        if (entry?.kind !== 'file' || content === undefined || !this.#isWanted(entry.path)) return []
        return [[entry.path, text.decode(Buffer.concat(content))] as const]
      }),
    )
  }
}
