import { BrokenMessage } from './broken-message.ts'
import { token } from './header-names.ts'

/** Of a line with the size of a chunk and its extensions, or of a trailer. */
const longestLine = 4_096
const mostTrailerBytes = 65_536
const quoted = '"(?:[\\t\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\[\\t\\x20-\\x7e])*"'
/** With extensions (RFC 9112, 7.1.1). 13 digits stay exact in a JavaScript number. */
const sizeLine = new RegExp(`^([\\da-fA-F]{1,13})(?:;${token}(?:=(?:${token}|${quoted}))?)*$`)
/** What frames a message cannot come after it. */
const trailerLine = new RegExp(
  `^(?!content-length:|transfer-encoding:)${token}:[\\t\\x20-\\x7e\\x80-\\xff]*$`,
  'i',
)

type State = 'size' | 'data' | 'after data' | 'trailer' | 'ended'

/** A body in chunks, however they are cut on their way. Trailers are read and dropped. */
export class ChunkedBody {
  #state: State = 'size'
  #line = ''
  #left = 0
  #trailerBytes = 0

  get ended(): boolean {
    return this.#state === 'ended'
  }

  /**
   * @returns where the body ended in `part`, or its length.
   * @throws BrokenMessage
   */
  read(part: Buffer, from: number, onData: (data: Buffer) => void): number {
    let at = from
    while (at < part.length && this.#state !== 'ended') {
      if (this.#state === 'data') {
        const end = Math.min(part.length, at + this.#left)
        onData(part.subarray(at, end))
        this.#left -= end - at
        at = end
        if (this.#left === 0) this.#state = 'after data'
        continue
      }
      const end = part.indexOf(10, at)
      const to = end === -1 ? part.length : end + 1
      if (this.#line.length + to - at > longestLine)
        throw new BrokenMessage('A line between chunks is too long.')
      this.#line += part.toString('latin1', at, to)
      at = to
      if (end !== -1) this.#onLine()
    }
    return at
  }

  #onLine(): void {
    const line = this.#line
    this.#line = ''
    if (!line.endsWith('\r\n')) throw new BrokenMessage('A line between chunks ends in a bare line feed.')
    const text = line.slice(0, -2)
    if (this.#state === 'size') this.#onSize(text)
    else if (this.#state === 'after data') this.#onDataEnd(text)
    else this.#onTrailer(text)
  }

  #onSize(text: string): void {
    const [, size] = sizeLine.exec(text) ?? []
    if (size === undefined) throw new BrokenMessage('The size of a chunk is not a hexadecimal number.')
    this.#left = Number.parseInt(size, 16)
    this.#state = this.#left === 0 ? 'trailer' : 'data'
  }

  #onDataEnd(text: string): void {
    if (text !== '') throw new BrokenMessage('A chunk is longer than its size.')
    this.#state = 'size'
  }

  #onTrailer(text: string): void {
    this.#trailerBytes += text.length
    if (this.#trailerBytes > mostTrailerBytes) throw new BrokenMessage('The trailers are too long.')
    if (text === '') this.#state = 'ended'
    else if (!trailerLine.test(text)) throw new BrokenMessage('A trailer is not understood.')
  }
}
