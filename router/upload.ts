import type { ServiceConnection } from './service-connection.ts'

/** A request's body on its way to the service, at the pace of the slower of the two. */
export class Upload {
  readonly #connection: ServiceConnection
  readonly #chunked: boolean

  constructor(connection: ServiceConnection, chunked: boolean) {
    this.#connection = connection
    this.#chunked = chunked
    // A small body has come with the header, and goes out together with it.
    connection.gatherWrites()
  }

  /** False when the service is slow. */
  write(part: Buffer): boolean {
    return this.#chunked ? this.#connection.writeChunk(part) : this.#connection.write(part)
  }

  finish(): void {
    this.#connection.finish(this.#chunked)
  }
}
