import { isBroken } from './request-head.ts'
import type { Refusal } from './refusal.ts'
import { badRequest, headerTooLarge } from './refusal.ts'

const headEnd = '\r\n\r\n'

/** Finds where the header of a request ends, however it is cut on its way. */
export class RequestParser {
  readonly #mostBytes: number
  /** The header as far as it has come, when it did not come in one piece. */
  #early = ''
  #head = ''

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** Something of a header has come, but not all of it. */
  get hasBegun(): boolean {
    return this.#early !== ''
  }

  /** The complete header, with the CRLF of its last line; there until the next call of `read`. */
  get head(): string {
    return this.#head
  }

  /** @returns where in `part` the header ended; -1 when more of it has to come; a refusal when it is none. */
  read(part: Buffer, from: number): number | Refusal {
    const early = this.#early
    // No more than a header may have: what follows may be a large body.
    const most = Math.min(part.length, from + this.#mostBytes + headEnd.length - early.length)
    const came = part.toString('latin1', from, most)
    let text = early + came
    let skipped = 0
    // An empty line before a request is to be ignored (RFC 9112, 2.2).
    while (text.startsWith('\r\n', skipped)) skipped += 2
    if (skipped > 0) text = text.slice(skipped)
    const end = text.indexOf(headEnd, Math.max(0, early.length - skipped - 3))
    if (end === -1) return most < part.length ? headerTooLarge : this.#wait(text, early.length)
    if (end > this.#mostBytes) return headerTooLarge
    this.#early = ''
    this.#head = text.slice(0, end + 2)
    return from + skipped + end + headEnd.length - early.length
  }

  /** So that something else than HTTP is not waited for as if its header were still on its way. */
  #wait(text: string, checked: number): -1 | Refusal {
    if (text.length > this.#mostBytes) return headerTooLarge
    if (isBroken(text, Math.max(0, checked - 1))) return badRequest('The request is not valid HTTP/1.1.')
    const first = text.charCodeAt(0)
    const begins = text === '' || text === '\r' || (first >= 65 && first <= 90)
    if (!begins) return badRequest('The request does not begin as HTTP/1.1 does.')
    this.#early = text
    return -1
  }
}
