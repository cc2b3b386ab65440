import type { DeploymentStatus } from '../contract/vocabulary.ts'
import type { Feed } from './follow.ts'

/** Pieces begin at multiples of it, so that readers who came at different times soon read the same ones. */
const pieceRows = 1000
/** Latest pieces that are kept for those who are nearly as far; who is further behind has them read again. */
const mostKept = 8
/** Milliseconds. What was found is believed for so long, unless a notification says that there is more. */
const believedFor = 500

/** Rows that were read once for all who follow. */
export interface Piece<T> {
  rows: T[]
  /** `seq` of the last one. */
  last: number
  /** As bytes of one format: made when the first reader needs it, and then the same for all. */
  bytes(format: { row(row: T): string }): Uint8Array
}

interface Believed<T> {
  asOf: number
  since: number
  answer: Promise<T>
}

export interface FeedSource<T> {
  status(): Promise<DeploymentStatus | null>
  read(after: number, limit: number): Promise<T[]>
  watch(changed: () => void): () => void
}

/**
 * Lets any number of readers follow one deployment for the price of one. What two of them ask at once is asked once,
 * and what was read is kept for a moment: rows are only ever added, so a piece that was read stays right.
 */
export class SharedFeed<T extends { seq: number }> implements Feed<Piece<T>> {
  readonly #source: FeedSource<T>
  readonly #readers = new Set<() => void>()
  #unsubscribe = () => {}
  /** How often there was news. What was asked before the latest counts no longer. */
  #news = 0
  #status: Believed<DeploymentStatus | null> | undefined
  readonly #asked = new Map<number, Believed<Piece<T> | undefined>>()
  readonly #kept = new Map<number, Piece<T>>()

  constructor(source: FeedSource<T>) {
    this.#source = source
  }

  get isFollowed(): boolean {
    return this.#readers.size > 0
  }

  status(): Promise<DeploymentStatus | null> {
    if (this.#status && this.#isFresh(this.#status)) return this.#status.answer
    // Rows that were looked for before this answer may lack what was written before the end that it tells of.
    const answer = this.#source.status().finally(() => this.#asked.clear())
    const asked = this.#believe(answer)
    asked.answer.catch(() => {
      if (this.#status === asked) this.#status = undefined
    })
    this.#status = asked
    return asked.answer
  }

  async read(after: number): Promise<Piece<T> | undefined> {
    const kept = this.#kept.get(after)
    if (kept) return kept
    const before = this.#asked.get(after)
    if (before && this.#isFresh(before)) return before.answer
    const asked = this.#believe(this.#readPiece(after))
    // Only who is at the end asks where nothing is found, so these are few.
    this.#asked.set(after, asked)
    const forget = () => {
      if (this.#asked.get(after) === asked) this.#asked.delete(after)
    }
    asked.answer.then((piece) => piece && forget(), forget)
    return asked.answer
  }

  watch(changed: () => void): () => void {
    // A function of its own per reader: the same one may watch twice.
    const reader = () => changed()
    if (!this.isFollowed) this.#unsubscribe = this.#source.watch(() => this.#tell())
    this.#readers.add(reader)
    return () => {
      if (!this.#readers.delete(reader) || this.isFollowed) return
      this.#unsubscribe()
      this.#kept.clear()
    }
  }

  #tell(): void {
    this.#news++
    this.#asked.clear()
    for (const reader of this.#readers) reader()
  }

  async #readPiece(after: number): Promise<Piece<T> | undefined> {
    const rows = await this.#source.read(after, pieceRows - (after % pieceRows))
    const last = rows.at(-1)?.seq
    if (last === undefined) return undefined
    const piece = pieceOf(rows, last)
    this.#kept.set(after, piece)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= mostKept) break
      this.#kept.delete(oldest)
    }
    return piece
  }

  #believe<A>(answer: Promise<A>): Believed<A> {
    return { asOf: this.#news, since: Date.now(), answer }
  }

  #isFresh({ asOf, since }: Believed<unknown>): boolean {
    return asOf === this.#news && Date.now() - since < believedFor
  }
}

function pieceOf<T>(rows: T[], last: number): Piece<T> {
  const written = new Map<unknown, Uint8Array>()
  return {
    rows,
    last,
    bytes(format) {
      const made =
        written.get(format) ?? new TextEncoder().encode(rows.map((row) => format.row(row)).join(''))
      written.set(format, made)
      return made
    },
  }
}

/** The feeds that somebody follows, by what they are of. */
export function sharedFeeds<T extends { seq: number }>() {
  const feeds = new Map<string, SharedFeed<T>>()
  return (key: string, source: FeedSource<T>): SharedFeed<T> => {
    for (const [other, feed] of feeds) if (!feed.isFollowed) feeds.delete(other)
    const feed = feeds.get(key) ?? new SharedFeed(source)
    feeds.set(key, feed)
    return feed
  }
}
