import type { AnswerHead } from './answer-head.ts'
import { parseAnswerHead } from './answer-head.ts'
import { BrokenMessage } from './broken-message.ts'
import { ChunkedBody } from './chunked-body.ts'
import { withoutNames } from './header-rules.ts'

const mostHeadBytes = 65_536
const headEnd = Buffer.from('\r\n\r\n')
const beginning = 'HTTP/1.'
/** A 204 has none (RFC 9110, 8.6). */
const lengthName = new Set(['content-length'])

/** Who gets the parts of an answer. */
export interface AnswerReader {
  /** `length` of the head is that of the body that really follows: 0 after a HEAD. */
  onHead(head: AnswerHead): void
  /** `part` is only there during the call. */
  onBody(part: Buffer): void
}

/**
 * Reads one answer. Stricter than a browser, as what is read here is framed anew for the client: whatever could
 * be understood in two ways is broken.
 */
export class AnswerParser {
  readonly #reader: AnswerReader
  readonly #method: string
  /** The head as far as it has come, when it did not come in one piece. */
  #early: Buffer | undefined
  #head: AnswerHead | undefined
  #chunks: ChunkedBody | undefined
  /** Bytes of the body still to come; -1: until the service closes. */
  #left = 0
  #complete = false
  #surplus = false

  constructor(method: string, reader: AnswerReader) {
    this.#method = method
    this.#reader = reader
  }

  get hasHead(): boolean {
    return this.#head !== undefined
  }

  get isComplete(): boolean {
    return this.#complete
  }

  /** How long the connection may be kept; 0 as well when more has come than the answer. */
  get keepMs(): number {
    return this.#complete && !this.#surplus && this.#left === 0 ? (this.#head?.keepMs ?? 0) : 0
  }

  /** @throws BrokenMessage */
  read(part: Buffer): void {
    const rest = this.#head === undefined ? this.#readHead(part) : part
    if (rest !== undefined && rest.length > 0) this.#readBody(rest)
  }

  /** The service has ended its side: whether that is the end of its answer. */
  end(): boolean {
    if (this.#head !== undefined && this.#left === -1) this.#complete = true
    return this.#complete
  }

  /** What comes after the head, once it is complete. */
  #readHead(part: Buffer): Buffer | undefined {
    const text = this.#early === undefined ? part : Buffer.concat([this.#early, part])
    this.#early = undefined
    const end = text.indexOf(headEnd)
    if ((end === -1 ? text.length : end) > mostHeadBytes) throw new BrokenMessage('The header is too large.')
    if (end === -1) {
      checkBeginning(text)
      this.#early = text === part ? Buffer.from(part) : text
      return undefined
    }
    const head = parseAnswerHead(text.toString('latin1', 0, end))
    const rest = text.subarray(end + headEnd.length)
    if (head.status >= 200) this.#begin(head)
    else if (head.status === 101) throw new BrokenMessage('A switch of protocols that nobody asked for.')
    // Another 1xx is followed by the answer itself.
    else return this.#readHead(rest)
    return rest
  }

  #begin(head: AnswerHead): void {
    this.#head = head
    if (this.#method === 'HEAD' || head.status === 204 || head.status === 304) {
      head.length = 0
      head.chunked = false
      if (head.status === 204) withoutNames(head.headers, lengthName)
    }
    if (head.chunked) this.#chunks = new ChunkedBody()
    else this.#left = head.length
    this.#complete = !head.chunked && head.length === 0
    this.#reader.onHead(head)
  }

  #readBody(part: Buffer): void {
    if (this.#complete) {
      this.#surplus = true
    } else if (this.#chunks !== undefined) {
      const end = this.#chunks.read(part, 0, (data) => this.#reader.onBody(data))
      this.#complete = this.#chunks.ended
      this.#surplus = end < part.length
    } else if (this.#left === -1) {
      this.#reader.onBody(part)
    } else {
      this.#surplus = part.length > this.#left
      const data = this.#surplus ? part.subarray(0, this.#left) : part
      this.#left -= data.length
      this.#complete = this.#left === 0
      this.#reader.onBody(data)
    }
  }
}

/** So that something else than HTTP is not waited for as if its header were still on its way. */
function checkBeginning(text: Buffer): void {
  const start = text.toString('latin1', 0, beginning.length)
  if (!beginning.startsWith(start)) throw new BrokenMessage('This is not HTTP/1.')
  for (let at = text.indexOf(10); at !== -1; at = text.indexOf(10, at + 1)) {
    if (text[at - 1] !== 13) throw new BrokenMessage('A line of the header ends in a bare line feed.')
  }
}
