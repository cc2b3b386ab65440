import { sayConnection } from './connection.ts'

/** Milliseconds until a stream that was refused is asked for again. */
const patience = 3_000
/** Rows; the most that the API gives at once. */
const pageSize = 1000

interface StreamOptions<T> {
  row(row: T): void
  /** The deployment has ended, and everything was given. */
  end(): void
}

/**
 * A stream of rows in their order, each once, however often the connection is lost: the browser names the last id when
 * it comes back, and what is known already is left out.
 */
export class RowStream<T extends { seq: number }> {
  readonly #url: string
  readonly #options: StreamOptions<T>
  #source: EventSource | undefined
  #isOpen = false
  #last = 0
  #ended = false

  constructor(url: string, options: StreamOptions<T>) {
    this.#url = url
    this.#options = options
  }

  open(): void {
    if (this.#ended || this.#isOpen) return
    this.#isOpen = true
    void this.#catchUp().then(() => {
      if (this.#isOpen && !this.#source) this.#listen()
    })
  }

  /** What there is already comes in pages: a stream gives it in much smaller pieces. */
  async #catchUp(): Promise<void> {
    for (let isMore = true; isMore && this.#isOpen;) {
      const answer = await fetch(`${this.#url}?limit=${pageSize}&after=${this.#last}`, {
        headers: { accept: 'application/json' },
      }).catch(() => undefined)
      // The stream will say what is wrong.
      if (!answer?.ok) return
      const { data } = (await answer.json()) as { data: T[] }
      for (const row of data) this.#take(row)
      isMore = data.length === pageSize
    }
  }

  #take(row: T): void {
    if (row.seq <= this.#last) return
    this.#last = row.seq
    this.#options.row(row)
  }

  #listen(): void {
    const source = new EventSource(this.#last > 0 ? `${this.#url}?after=${this.#last}` : this.#url)
    this.#source = source
    source.addEventListener('open', () => sayConnection('good'))
    source.addEventListener('message', ({ data }: MessageEvent<string>) => {
      this.#take(JSON.parse(data) as T)
    })
    source.addEventListener('end', () => {
      this.#ended = true
      this.close()
      this.#options.end()
    })
    source.addEventListener('error', () => {
      sayConnection('lost')
      // The browser itself tries again, unless it was given an answer that is no stream.
      if (source.readyState !== EventSource.CLOSED || this.#source !== source) return
      this.close()
      setTimeout(() => this.open(), patience)
    })
  }

  /** Lets go for a while. */
  close(): void {
    this.#isOpen = false
    this.#source?.close()
    this.#source = undefined
  }
}
