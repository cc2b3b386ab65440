import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import { isHopByHopAnswer, nominated } from './header-rules.ts'
import type { LiveRoute } from './live-routes.ts'
import type { Refusal } from './refusal.ts'
import { answerTimedOut, badRequest, brokenAnswer, refuse, releaseRetired, unreachable } from './refusal.ts'
import type { RequestHead } from './request-head.ts'
import type { Target, Work } from './target.ts'
import { Upload } from './upload.ts'

const joinBelowBytes = 8_192

type Controller = Dispatcher.DispatchController

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

/** One request on its way through: the handler of its dispatch and the writer of its answer. */
export class Exchange implements Dispatcher.DispatchHandler, Work {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #route: LiveRoute
  readonly #target: Target
  readonly #options: Dispatcher.DispatchOptions
  readonly #life: Life
  #upload: Upload | undefined
  #controller: Controller | undefined
  /** Only without a body, only methods that change nothing, only before the first byte of an answer, once. */
  #mayRetry: boolean
  #answered = false
  #ended = false
  #clientGone = false
  /** Bytes of the answer still to come; -1 when its length is not declared. */
  #remaining = -1
  #listensForDrain = false

  constructor(request: IncomingMessage, response: ServerResponse, to: Destination, life: Life) {
    const { route, target, head } = to
    const method = request.method as string
    this.#request = request
    this.#response = response
    this.#route = route
    this.#target = target
    this.#life = life
    this.#mayRetry = !head.hasBody && (method === 'GET' || method === 'HEAD' || method === 'OPTIONS')
    this.#options = {
      path: request.url as string,
      method,
      headers: head.headers,
      body: null,
    }
    // undici closes the connection after a HEAD unless told otherwise.
    if (method === 'HEAD' && !head.hasBody) this.#options.reset = false
  }

  start(hasBody: boolean, bodyIdleMs: number): void {
    if (hasBody) {
      this.#upload = new Upload(this.#request, bodyIdleMs, () => this.#onUploadStalled())
      this.#options.body = this.#upload
    }
    const { socket } = this.#response
    if (socket === null) this.#request.socket.once('close', () => this.#onClientClosed()) // pipelined behind another
    this.#response.on('close', () => this.#onClientClosed())
    this.#target.beginRequest(this)
    this.#target.dispatch(this.#options, this)
  }

  cut(): void {
    this.#abort(releaseRetired(this.#route.name))
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller
    if (this.#ended || this.#clientGone) controller.abort(new Error('the client has gone'))
  }

  onResponseStarted(): void {
    this.#mayRetry = false
  }

  onResponseStart(controller: Controller, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return
    const response = this.#response
    const length = headers['content-length']
    if (typeof length === 'string') this.#remaining = Number(length)
    if (this.#life.leaving) response.shouldKeepAlive = false
    response.writeHead(status, answerHeaders(headers))
    this.#answered = true
    this.#route.count(status)
    // The header does not wait for the first byte of the body, as that may take long (server-sent events).
    if (this.#remaining !== 0) process.nextTick(flushHead, response)
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    const response = this.#response
    if (this.#remaining === chunk.length) {
      this.#remaining = 0
      // As a string, Node sends header and body in one write instead of gathering two.
      if (chunk.length <= joinBelowBytes) response.end(chunk.toString('latin1'), 'latin1')
      else response.end(chunk)
      return
    }
    if (this.#remaining > 0) this.#remaining -= chunk.length
    if (response.write(chunk)) return
    controller.pause()
    if (this.#listensForDrain) return
    this.#listensForDrain = true
    response.on('drain', () => this.#controller?.resume())
  }

  onResponseEnd(): void {
    this.#finish()
    if (!this.#response.writableEnded) this.#response.end()
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    if (this.#ended) return
    if (this.#mayRetry && !this.#clientGone && isStaleConnection(error)) {
      this.#mayRetry = false
      this.#target.dispatchAfresh(this.#options, this)
      return
    }
    this.#fail(refusalFor(error, this.#route.name))
  }

  #onUploadStalled(): void {
    this.#abort({
      status: 408,
      code: 'RequestTimedOut',
      detail: 'The body of the request stopped arriving.',
      close: true,
    })
  }

  #onClientClosed(): void {
    if (this.#ended) return
    this.#clientGone = true
    this.#finish()
    this.#upload?.destroy()
    this.#controller?.abort(new Error('the client has gone'))
  }

  #abort(refusal: Refusal): void {
    this.#fail(refusal)
    this.#controller?.abort(new Error(refusal.detail))
  }

  #fail(refusal: Refusal): void {
    if (this.#ended) return
    this.#finish()
    this.#upload?.destroy()
    const response = this.#response
    if (this.#clientGone || response.destroyed) return
    if (this.#answered) {
      abortAnswer(response, this.#remaining !== -1)
      return
    }
    this.#route.count(refusal.status)
    refuse(response, refusal)
  }

  #finish(): void {
    if (this.#ended) return
    this.#ended = true
    this.#target.endRequest(this)
  }
}

/** Repeated headers are lists, whatever the type says of `connection`. */
function answerHeaders(headers: Record<string, string | string[] | undefined>): string[] {
  const { connection } = headers
  const dropped = connection === undefined ? undefined : nominated(connection.toString())
  const answer: string[] = []
  for (const name in headers) {
    if (isHopByHopAnswer(name) || dropped?.has(name)) continue
    const value = headers[name]
    if (typeof value === 'string') answer.push(name, value)
    else if (value !== undefined) for (const one of value) answer.push(name, one)
  }
  return answer
}

function flushHead(response: ServerResponse): void {
  if (!response.writableEnded && !response.destroyed) response.flushHeaders()
}

/** A client must never take a truncated answer for a whole one. */
function abortAnswer(response: ServerResponse, lengthIsDeclared: boolean): void {
  const { socket } = response
  // Without a length and without chunks a plain close would look like the end: only a reset does not.
  if (socket && !lengthIsDeclared && !response.chunkedEncoding) socket.resetAndDestroy()
  else response.destroy()
}

const codeOf = (error: Error): string => (error as Error & { code?: string }).code ?? ''

function isStaleConnection(error: Error): boolean {
  const code = codeOf(error)
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE'
}

function refusalFor(error: Error, route: string): Refusal {
  switch (codeOf(error)) {
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return answerTimedOut(route)
    case 'UND_ERR_INVALID_ARG':
    case 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH':
      return badRequest(`The request cannot be passed on: ${error.message}.`)
    case 'ECONNREFUSED':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return unreachable(route)
    default:
      return brokenAnswer(route)
  }
}
