import { ArchiveError } from '../../../ports/archives.ts'
import { archiveLimits } from './options.ts'

/** Counts what an archive expands to, and stops it: a small one can be made to expand without end. */
export class Budget {
  #bytes = 0
  #entries = 0
  readonly #most: number
  readonly #mostEntries: number

  /** @param archiveBytes of the archive itself. @param limit bytes that an archive may have */
  constructor(archiveBytes: number, limit: number, mostEntries: number = archiveLimits.entries) {
    const byRatio = Math.max(archiveLimits.ratioFrom, archiveBytes * archiveLimits.ratio)
    this.#most = Math.min(limit * archiveLimits.expansion, byRatio)
    this.#mostEntries = mostEntries
  }

  /** @throws ArchiveError tooLarge */
  readonly spend = (bytes: number): void => {
    this.#bytes += bytes
    if (this.#bytes > this.#most)
      throw new ArchiveError(
        'tooLarge',
        `The archive expands to more than ${this.#most} bytes, which no source of its size does. Leave out what can be built or downloaded.`,
      )
  }

  /** @throws ArchiveError tooLarge */
  entry(): void {
    if (++this.#entries > this.#mostEntries) throw tooManyEntries(this.#mostEntries)
  }
}

export const tooManyEntries = (most: number) =>
  new ArchiveError(
    'tooLarge',
    `The archive has more than ${most} entries. Leave out what is installed or built (node_modules, caches).`,
  )
