import net from 'node:net'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

export interface RawAnswer {
  status: number
  headers: [name: string, value: string][]
  body: string
}

/** A client that sends exactly the bytes it is told, and tells a clean end from an abort. */
export class RawClient {
  readonly socket: net.Socket
  #buffer = Buffer.alloc(0)
  /** How the connection ended: undefined while it is open. */
  ended: 'end' | 'reset' | undefined

  private constructor(socket: net.Socket) {
    this.socket = socket
    socket.on('data', (chunk) => (this.#buffer = Buffer.concat([this.#buffer, chunk])))
    socket.on('end', () => (this.ended ??= 'end'))
    socket.on('error', () => (this.ended = 'reset'))
    socket.on('close', () => (this.ended ??= 'end'))
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    await once(socket, 'connect')
    return new RawClient(socket)
  }

  send(text: string | Buffer): this {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text)
    return this
  }

  get received(): string {
    return this.#buffer.toString('latin1')
  }

  async until(condition: () => boolean, what: string, withinMs = 5_000): Promise<void> {
    const deadline = Date.now() + withinMs
    while (!condition()) {
      if (Date.now() > deadline)
        throw new Error(`not within ${withinMs} ms: ${what}; received: ${this.received}`)
      await sleep(2)
    }
  }

  async untilEnded(withinMs?: number): Promise<'end' | 'reset'> {
    await this.until(() => this.ended !== undefined, 'the end of the connection', withinMs)
    return this.ended as 'end' | 'reset'
  }

  /** Takes one answer off what was received. Skips 1xx other than 101. */
  async answer(options: { method?: string; withinMs?: number } = {}): Promise<RawAnswer> {
    for (;;) {
      const head = await this.#head(options.withinMs)
      if (head.status >= 200 || head.status === 101) {
        return { ...head, body: await this.#body(head, options.method ?? 'GET', options.withinMs) }
      }
    }
  }

  close(): void {
    this.socket.destroy()
  }

  async #head(withinMs?: number): Promise<Omit<RawAnswer, 'body'>> {
    const end = () => this.#buffer.indexOf('\r\n\r\n')
    await this.until(() => end() !== -1 || this.ended !== undefined, 'the header of an answer', withinMs)
    if (end() === -1)
      throw new Error(`the connection ended (${this.ended}) before an answer: ${this.received}`)
    const [first = '', ...lines] = this.#take(end() + 4)
      .trimEnd()
      .split('\r\n')
    const headers = lines.map((line): [string, string] => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    })
    return { status: Number(first.split(' ')[1]), headers }
  }

  async #body(
    { status, headers }: Omit<RawAnswer, 'body'>,
    method: string,
    withinMs?: number,
  ): Promise<string> {
    if (method === 'HEAD' || status === 101 || status === 204 || status === 304) return ''
    if (headerOf({ headers }, 'transfer-encoding') === 'chunked') return this.#chunks(withinMs)
    const declared = headerOf({ headers }, 'content-length')
    if (declared === undefined) {
      await this.untilEnded(withinMs)
      return this.#take(this.#buffer.length)
    }
    await this.#have(Number(declared), withinMs)
    return this.#take(Number(declared))
  }

  async #chunks(withinMs?: number): Promise<string> {
    for (let body = ''; ;) {
      await this.until(() => this.#buffer.includes('\r\n') || this.ended !== undefined, 'a chunk', withinMs)
      if (!this.#buffer.includes('\r\n')) throw new Error('the connection ended within a chunked answer')
      const size = Number.parseInt(this.#take(this.#buffer.indexOf('\r\n') + 2), 16)
      await this.#have(size + 2, withinMs)
      body += this.#take(size)
      this.#take(2)
      if (size === 0) return body
    }
  }

  async #have(bytes: number, withinMs?: number): Promise<void> {
    await this.until(
      () => this.#buffer.length >= bytes || this.ended !== undefined,
      `${bytes} bytes`,
      withinMs,
    )
    if (this.#buffer.length < bytes) throw new Error(`the connection ended (${this.ended}) within an answer`)
  }

  #take(bytes: number): string {
    const text = this.#buffer.toString('latin1', 0, bytes)
    this.#buffer = this.#buffer.subarray(bytes)
    return text
  }
}

export const headerOf = ({ headers }: Pick<RawAnswer, 'headers'>, name: string): string | undefined =>
  headers.find(([key]) => key === name)?.[1]

export const headersOf = ({ headers }: Pick<RawAnswer, 'headers'>, name: string): string[] =>
  headers.filter(([key]) => key === name).map(([, value]) => value)

/** Sends one request on a connection of its own. */
export async function sendRaw(port: number, text: string, options?: { method?: string }): Promise<RawAnswer> {
  const client = await RawClient.connect(port)
  try {
    return await client.send(text).answer(options)
  } finally {
    client.close()
  }
}
