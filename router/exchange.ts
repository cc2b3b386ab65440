import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AnswerHead } from './answer-head.ts'
import type { LiveRoute } from './live-routes.ts'
import type { Refusal } from './refusal.ts'
import {
  answerTimedOut,
  brokenAnswer,
  refuse,
  releaseRetired,
  unreachable,
  uploadStalled,
} from './refusal.ts'
import type { RequestHead } from './request-head.ts'
import { requestText } from './request-head.ts'
import type { Caller, FailureKind, ServiceConnection } from './service-connection.ts'
import type { Target, Work } from './target.ts'
import { Upload } from './upload.ts'

const joinBelowBytes = 8_192

/** Where a request goes. */
export interface Destination {
  head: RequestHead
  route: LiveRoute
  target: Target
}

/** Whether this router process is giving up its connections. */
export interface Life {
  leaving: boolean
}

/** One request on its way through: the caller of a service, and the writer of its answer. */
export class Exchange implements Caller, Work {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #to: Destination
  readonly #life: Life
  #connection: ServiceConnection | undefined
  #upload: Upload | undefined
  /** Only without a body, only methods that change nothing, only before the first byte of an answer, once. */
  #mayRetry: boolean
  #answered = false
  #headWaits = false
  #ended = false
  /** Bytes of the answer still to come; -1 when its length is not declared. */
  #remaining = -1
  #listensForDrain = false

  constructor(request: IncomingMessage, response: ServerResponse, to: Destination, life: Life) {
    const { method } = request
    this.#request = request
    this.#response = response
    this.#to = to
    this.#life = life
    this.#mayRetry = !to.head.hasBody && (method === 'GET' || method === 'HEAD' || method === 'OPTIONS')
  }

  start(bodyIdleMs: number): void {
    const { target, head } = this.#to
    if (this.#response.socket === null) this.#request.socket.once('close', this.#onClientClosed) // pipelined behind another
    this.#response.on('close', this.#onClientClosed)
    target.beginRequest(this)
    const connection = target.connections.take()
    this.#send(connection)
    if (!head.hasBody) return
    const { chunked } = head
    this.#upload = new Upload(this.#request, connection, { chunked, idleMs: bodyIdleMs }, () =>
      this.#fail(uploadStalled),
    )
  }

  cut(): void {
    this.#fail(releaseRetired(this.#to.route.name))
  }

  onHead(head: AnswerHead): void {
    const response = this.#response
    this.#remaining = head.length
    if (this.#life.leaving) response.shouldKeepAlive = false
    response.writeHead(head.status, head.headers)
    this.#answered = true
    this.#headWaits = true
    this.#to.route.count(head.status)
  }

  onBody(part: Buffer): void {
    this.#headWaits = false
    const isLast = this.#remaining === part.length
    if (this.#remaining > 0) this.#remaining -= part.length
    if (this.#pass(part, isLast)) return
    this.#connection?.pause()
    if (this.#listensForDrain) return
    this.#listensForDrain = true
    this.#response.on('drain', () => this.#connection?.resume())
  }

  /** False when the client is slow. */
  #pass(part: Buffer, isLast: boolean): boolean {
    const response = this.#response
    if (part.length > joinBelowBytes) {
      if (!isLast) return response.write(Buffer.from(part))
      response.end(Buffer.from(part))
    } else {
      // As a string, Node sends header and body in one write instead of gathering two.
      if (!isLast) return response.write(part.toString('latin1'), 'latin1')
      response.end(part.toString('latin1'), 'latin1')
    }
    return true
  }

  /** The header does not wait for the first byte of the body, as that may take long (server-sent events). */
  onPause(): void {
    if (!this.#headWaits) return
    this.#headWaits = false
    this.#response.flushHeaders()
  }

  onEnd(): void {
    this.#finish()
    if (!this.#response.writableEnded) this.#response.end()
  }

  onFailure(kind: FailureKind): void {
    if (this.#ended) return
    if (kind === 'closed unanswered' && this.#mayRetry) {
      this.#mayRetry = false
      this.#send(this.#to.target.connections.open())
      return
    }
    this.#fail(refusalFor(kind, this.#to.route.name))
  }

  onDrain(): void {
    this.#upload?.resume()
  }

  #send(connection: ServiceConnection): void {
    this.#connection = connection
    const { head } = this.#to
    const method = this.#request.method as string
    connection.send(method, requestText(method, this.#request.url as string, head), head.hasBody, this)
  }

  readonly #onClientClosed = (): void => {
    if (this.#ended) return
    this.#connection?.destroy()
    this.#finish()
  }

  /** Ends it on both sides. */
  #fail(refusal: Refusal): void {
    if (this.#ended) return
    this.#connection?.destroy()
    this.#finish()
    const response = this.#response
    if (response.destroyed) return
    if (this.#answered) {
      abortAnswer(response, this.#remaining !== -1)
      return
    }
    this.#to.route.count(refusal.status)
    refuse(response, refusal)
  }

  #finish(): void {
    if (this.#ended) return
    this.#ended = true
    this.#connection = undefined
    this.#upload?.stop()
    this.#to.target.endRequest(this)
  }
}

/** A client must never take a truncated answer for a whole one. */
function abortAnswer(response: ServerResponse, lengthIsDeclared: boolean): void {
  const { socket } = response
  // Without a length and without chunks a plain close would look like the end: only a reset does not.
  if (socket && !lengthIsDeclared && !response.chunkedEncoding) socket.resetAndDestroy()
  else response.destroy()
}

function refusalFor(kind: FailureKind, route: string): Refusal {
  if (kind === 'unreachable') return unreachable(route)
  return kind === 'timed out' ? answerTimedOut(route) : brokenAnswer(route)
}
