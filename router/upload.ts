import type { IncomingMessage } from 'node:http'
import type { ServiceConnection } from './service-connection.ts'

/** How long the rest of an upload is still read after it was answered early, so that the client sees the answer. */
const lingerMs = 10_000

/** A request's body on its way to the service, at the pace of the slower of the two. */
export class Upload {
  readonly #request: IncomingMessage
  readonly #connection: ServiceConnection
  readonly #chunked: boolean
  readonly #idleTimer: NodeJS.Timeout
  #paused = false

  constructor(
    request: IncomingMessage,
    connection: ServiceConnection,
    { chunked, idleMs }: { chunked: boolean; idleMs: number },
    onStalled: () => void,
  ) {
    this.#request = request
    this.#connection = connection
    this.#chunked = chunked
    this.#idleTimer = setTimeout(() => {
      // While the service is what is slow, the client has nothing to answer for.
      if (this.#paused) this.#idleTimer.refresh()
      else onStalled()
    }, idleMs)
    request.on('data', this.#onData).on('end', this.#onEnd)
    // After `on('data')`: a small body is read within this turn and goes out together with the header.
    connection.gatherWrites()
  }

  /** The service takes more again. */
  resume(): void {
    this.#paused = false
    this.#idleTimer.refresh()
    this.#request.resume()
  }

  /** The service gets no more of it. */
  stop(): void {
    clearTimeout(this.#idleTimer)
    const request = this.#request
    request.off('data', this.#onData).off('end', this.#onEnd)
    if (!request.complete && !request.destroyed) discardRest(request)
  }

  readonly #onData = (part: Buffer): void => {
    this.#idleTimer.refresh()
    if (this.#chunked ? this.#connection.writeChunk(part) : this.#connection.write(part)) return
    this.#paused = true
    this.#request.pause()
  }

  readonly #onEnd = (): void => {
    clearTimeout(this.#idleTimer)
    this.#connection.finish(this.#chunked)
  }
}

function discardRest(request: IncomingMessage): void {
  request.resume()
  const timer = setTimeout(() => request.socket.destroy(), lingerMs).unref()
  request.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
}
