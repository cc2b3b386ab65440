/** Each part is memory of its own, however small. */
const mostParts = 64

/** What a client has sent of its next requests before their turn. */
export class EarlyBytes {
  readonly #mostBytes: number
  #parts: Buffer[] = []
  #bytes = 0

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  get isEmpty(): boolean {
    return this.#parts.length === 0
  }

  /** The client is to be held back. */
  get isFull(): boolean {
    return this.#bytes >= this.#mostBytes || this.#parts.length >= mostParts
  }

  add(part: Buffer): void {
    this.#parts.push(part)
    this.#bytes += part.length
  }

  /** Its turn has come. */
  take(): Buffer {
    const all = this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts)
    this.#parts = []
    this.#bytes = 0
    return all
  }
}
