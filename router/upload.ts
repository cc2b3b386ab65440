import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/** How long the rest of an upload is still read after it was answered early, so that the client sees the answer. */
const lingerMs = 10_000

/**
 * A request's body on its way to the service. Stands between the two because undici destroys the body when a
 * service answers early, and destroying Node's own request would tear down the client's connection with it.
 */
export class Upload extends Readable {
  readonly #request: IncomingMessage
  readonly #idleTimer: NodeJS.Timeout
  #paused = false

  constructor(request: IncomingMessage, idleMs: number, onStalled: () => void) {
    super({ highWaterMark: 65_536 })
    this.#request = request
    this.#idleTimer = setTimeout(() => {
      // While the service is what is slow, the client has nothing to answer for.
      if (this.#paused) this.#idleTimer.refresh()
      else onStalled()
    }, idleMs)
    request.on('data', this.#onData).on('end', this.#onEnd)
  }

  override _read(): void {
    this.#paused = false
    this.#idleTimer.refresh()
    this.#request.resume()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#idleTimer)
    const request = this.#request
    request.off('data', this.#onData).off('end', this.#onEnd)
    if (!request.complete && !request.destroyed) discardRest(request)
    done(error)
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.push(chunk)) {
      this.#idleTimer.refresh()
    } else {
      this.#paused = true
      this.#request.pause()
    }
  }

  readonly #onEnd = (): void => {
    clearTimeout(this.#idleTimer)
    this.push(null)
  }
}

function discardRest(request: IncomingMessage): void {
  request.resume()
  const timer = setTimeout(() => request.socket.destroy(), lingerMs).unref()
  request.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
}
