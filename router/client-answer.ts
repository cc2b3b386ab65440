import { STATUS_CODES } from 'node:http'
import type net from 'node:net'
import type { AnswerHead } from './answer-head.ts'
import { linesOf } from './header-lines.ts'
import type { Refusal } from './refusal.ts'
import { refusalAnswer } from './refusal.ts'
import { giveSlab, slabBytes, takeSlab } from './slabs.ts'

/** Up to here parts are gathered as text: Node writes that fastest. */
const textBelowBytes = 8_192

/** How the client's request was framed. */
export interface Asked {
  method: string
  isHttp10: boolean
  mayKeep: boolean
}

/** Whether this router process is giving up its connections. */
export interface Life {
  readonly leaving: boolean
}

/** One answer on its way to the client, framed for it anew. */
export class ClientAnswer {
  readonly #socket: net.Socket
  readonly #isHead: boolean
  readonly #isHttp10: boolean
  readonly #keepAliveMs: number
  readonly #life: Life
  readonly #onEnd: (keepsConnection: boolean) => void
  /** Whether another request may follow on the connection. The client knows once the answer has begun. */
  #keepsConnection: boolean
  /** Written, but not yet handed to the socket. */
  #gathered = ''
  #begun = false
  #chunked = false
  /** Its end can be told from a connection that breaks. */
  #endIsPlain = true

  constructor(
    socket: net.Socket,
    asked: Asked,
    keepAliveMs: number,
    life: Life,
    onEnd: (keepsConnection: boolean) => void,
  ) {
    const { method, isHttp10, mayKeep } = asked
    this.#socket = socket
    this.#life = life
    this.#isHead = method === 'HEAD'
    this.#isHttp10 = isHttp10
    this.#keepsConnection = mayKeep
    this.#keepAliveMs = keepAliveMs
    this.#onEnd = onEnd
  }

  get begun(): boolean {
    return this.#begun
  }

  /** Waits for the first part of the body, or for `flush`. */
  writeHead({ status, headers, length, dated }: AnswerHead): void {
    this.#begun = true
    if (this.#life.leaving) this.#keepsConnection = false
    if (length === -1) {
      this.#chunked = !this.#isHttp10
      this.#endIsPlain = this.#chunked
      if (this.#isHttp10) this.#keepsConnection = false
    }
    let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${linesOf(headers)}`
    if (!dated) text += `Date: ${now()}\r\n`
    text += this.#keepsConnection ? keepAlive(this.#keepAliveMs) : 'Connection: close\r\n'
    if (this.#chunked) text += 'Transfer-Encoding: chunked\r\n'
    this.#gathered = `${text}\r\n`
  }

  /** `part` is only there during the call. False when the client is slow. */
  write(part: Buffer): boolean {
    if (part.length <= textBelowBytes) {
      const text = part.toString('latin1')
      this.#gathered += this.#chunked ? `${part.length.toString(16)}\r\n${text}\r\n` : text
      return this.#gathered.length <= textBelowBytes || this.flush()
    }
    if (this.#chunked) this.#gathered += `${part.length.toString(16)}\r\n`
    const after = this.#chunked ? '\r\n' : ''
    if (this.#gathered.length + part.length + after.length > slabBytes) {
      this.flush()
      this.#gathered = after
      return this.#socket.write(Buffer.from(part))
    }
    // What was gathered, the part, and what comes after it, in one write.
    const slab = takeSlab()
    let end = slab.write(this.#gathered, 'latin1')
    end += part.copy(slab, end)
    end += slab.write(after, end, 'latin1')
    this.#gathered = ''
    return this.#socket.write(slab.subarray(0, end), () => giveSlab(slab))
  }

  /** So that what was written does not wait for more, which may take long (server-sent events). */
  flush(): boolean {
    const text = this.#gathered
    if (text === '') return true
    this.#gathered = ''
    return this.#socket.write(text, 'latin1')
  }

  end(): void {
    if (this.#chunked) this.#gathered += '0\r\n\r\n'
    this.flush()
    this.#onEnd(this.#keepsConnection)
  }

  /** Only when nothing was written before. */
  refuse(refusal: Refusal): void {
    const { head, body } = refusalAnswer(refusal)
    if (refusal.close) this.#keepsConnection = false
    this.writeHead(head)
    if (!this.#isHead) this.#gathered += body
    this.end()
  }

  /** A client must never take a truncated answer for a whole one. */
  abort(): void {
    if (this.#endIsPlain) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }
}

let nowSeconds = 0
let nowText = ''

function now(): string {
  const seconds = Math.floor(Date.now() / 1_000)
  if (seconds !== nowSeconds) {
    nowSeconds = seconds
    nowText = new Date(seconds * 1_000).toUTCString()
  }
  return nowText
}

const keepAlive = (ms: number) =>
  `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(ms / 1_000)}\r\n`
