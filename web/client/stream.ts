import { sayConnection } from './connection.ts'

/** Milliseconds until a stream that was lost is asked for again; and one that was refused. */
const patience = { lost: 1_000, refused: 5_000 }
/** Milliseconds without a byte after which it counts as lost; the server says something every ten seconds. */
const silentAfter = 30_000

/** One kind of rows of a stream. */
export interface Channel<T> {
  /** Takes them in; the next ones come when it is done. */
  rows(rows: T[]): void | Promise<void>
  /** The deployment has ended, and everything was given. */
  end(): void
}

interface Numbered {
  seq: number
}

interface Kind extends Channel<never> {
  last: number
  ended: boolean
}

/**
 * Streams of rows over one connection, each row once and in its order, however often the connection is lost: what is
 * known is named when it is asked for again, and left out should it come twice. Nothing is read ahead of what is
 * taken in, so what nobody looks at stays on the server.
 */
export class RowStream {
  readonly #url: string
  readonly #kinds = new Map<string, Kind>()
  #connection: AbortController | undefined

  constructor(url: string) {
    this.#url = url
  }

  /** To be called before it is opened. */
  on<T extends Numbered>(kind: string, channel: Channel<T>): this {
    // Rows are what the server says they are.
    this.#kinds.set(kind, { ...(channel as Channel<never>), last: 0, ended: false })
    return this
  }

  open(): void {
    if (this.#connection || this.#wanted().length === 0) return
    const connection = new AbortController()
    this.#connection = connection
    void this.#keepReading(connection.signal)
  }

  /** Lets go for a while. */
  close(): void {
    this.#connection?.abort()
    this.#connection = undefined
  }

  #wanted(): [string, Kind][] {
    return [...this.#kinds].filter(([, kind]) => !kind.ended)
  }

  async #keepReading(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#wanted().length > 0) {
      const how = await this.#read(signal).catch(() => 'lost' as const)
      if (signal.aborted || this.#wanted().length === 0) return
      sayConnection('lost')
      await new Promise((resolve) => setTimeout(resolve, patience[how]))
    }
  }

  async #read(signal: AbortSignal): Promise<'lost' | 'refused'> {
    const silence = new AbortController()
    const query = new URLSearchParams(this.#wanted().map(([name, { last }]) => [name, String(last)]))
    const answer = await fetch(`${this.#url}?${query}`, { signal: AbortSignal.any([signal, silence.signal]) })
    // To the page where one signs in: this one leads there too.
    if (answer.redirected) location.reload()
    if (answer.redirected || !answer.ok || !answer.body) return 'refused'
    sayConnection('good')
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
    let rest = ''
    let kind: Kind | undefined
    for (;;) {
      const timer = setTimeout(() => silence.abort(), silentAfter)
      const { value, done } = await reader.read().finally(() => clearTimeout(timer))
      if (done || signal.aborted) return 'lost'
      const lines = (rest + value).split('\n')
      rest = lines.pop() ?? ''
      kind = await this.#take(lines, kind)
      if (signal.aborted) return 'lost'
    }
  }

  /** @returns whose lines come next */
  async #take(lines: string[], kind: Kind | undefined): Promise<Kind | undefined> {
    let rows: Numbered[] = []
    const give = async () => {
      const given = rows
      rows = []
      if (kind && given.length > 0) await kind.rows(given as never[])
    }
    for (const line of lines) {
      if (line === '') continue
      const said = JSON.parse(line) as string | (Partial<Numbered> & { type?: string })
      if (typeof said === 'string') {
        await give()
        kind = this.#kinds.get(said)
      } else if (said.seq !== undefined && kind && said.seq > kind.last) {
        kind.last = said.seq
        rows.push(said as Numbered)
      } else if (said.type === 'end' && said.seq === undefined && kind) {
        await give()
        kind.ended = true
        kind.end()
      }
    }
    await give()
    return kind
  }
}
