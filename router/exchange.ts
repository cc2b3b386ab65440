import type { AnswerHead } from './answer-head.ts'
import type { ClientAnswer } from './client-answer.ts'
import type { LiveRoute } from './live-routes.ts'
import type { Refusal } from './refusal.ts'
import {
  answerTimedOut,
  badRequest,
  brokenAnswer,
  releaseRetired,
  unreachable,
  uploadStalled,
} from './refusal.ts'
import type { RequestHead } from './request-head.ts'
import { requestText } from './request-head.ts'
import type { Caller, FailureKind, ServiceConnection } from './service-connection.ts'
import type { Target, Work } from './target.ts'

/** Where a request goes. */
export interface Destination {
  route: LiveRoute
  target: Target
}

/** One request on its way through: the caller of a service, between its client's body and its client's answer. */
export class Exchange implements Caller, Work {
  readonly #head: RequestHead
  readonly #answer: ClientAnswer
  readonly #to: Destination
  /** The client may send more of its body again. */
  readonly #onReady: () => void
  #connection: ServiceConnection | undefined
  /** Only without a body, only methods that change nothing, only before the first byte of an answer, once. */
  #mayRetry: boolean
  #ended = false

  constructor(head: RequestHead, answer: ClientAnswer, to: Destination, onReady: () => void) {
    const { method, hasBody } = head
    this.#head = head
    this.#answer = answer
    this.#to = to
    this.#onReady = onReady
    this.#mayRetry = !hasBody && (method === 'GET' || method === 'HEAD' || method === 'OPTIONS')
  }

  start(): void {
    const { target } = this.#to
    const { hasBody } = this.#head
    target.beginRequest(this)
    const connection = target.connections.take()
    this.#send(connection)
    // A small body has come with the header, and goes out together with it.
    if (hasBody) connection.gatherWrites()
  }

  cut(): void {
    this.#fail(releaseRetired(this.#to.route.name))
  }

  /** A part of the request's body. False when the service is slow, until `onReady`. */
  upload(part: Buffer): boolean {
    const connection = this.#connection
    if (connection === undefined) return true
    return this.#head.chunked ? connection.writeChunk(part) : connection.write(part)
  }

  onUploaded(): void {
    this.#connection?.finish(this.#head.chunked)
  }

  onUploadStalled(): void {
    this.#fail(uploadStalled)
  }

  onUploadBroken(detail: string): void {
    this.#fail(badRequest(detail))
  }

  onClientDrained(): void {
    this.#connection?.resume()
  }

  onClientGone(): void {
    if (this.#ended) return
    this.#connection?.destroy()
    this.#finish()
  }

  onHead(head: AnswerHead): void {
    this.#answer.writeHead(head)
    this.#to.route.count(head.status)
  }

  onBody(part: Buffer): void {
    if (!this.#answer.write(part)) this.#connection?.pause()
  }

  onPause(): void {
    if (!this.#answer.flush()) this.#connection?.pause()
  }

  onEnd(): void {
    this.#finish()
    this.#answer.end()
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
    this.#onReady()
  }

  #send(connection: ServiceConnection): void {
    this.#connection = connection
    const head = this.#head
    connection.send(head.method, requestText(head), head.hasBody, this)
  }

  /** Ends it on both sides. */
  #fail(refusal: Refusal): void {
    if (this.#ended) return
    this.#connection?.destroy()
    this.#finish()
    if (this.#answer.begun) {
      this.#answer.abort()
      return
    }
    this.#to.route.count(refusal.status)
    this.#answer.refuse(refusal)
  }

  #finish(): void {
    if (this.#ended) return
    this.#ended = true
    this.#connection = undefined
    this.#to.target.endRequest(this)
  }
}

function refusalFor(kind: FailureKind, route: string): Refusal {
  if (kind === 'unreachable') return unreachable(route)
  return kind === 'timed out' ? answerTimedOut(route) : brokenAnswer(route)
}
