import type net from 'node:net'
import { ClientAnswer } from './client-answer.ts'
import { EarlyBytes } from './early-bytes.ts'
import type { Destination } from './exchange.ts'
import { Exchange } from './exchange.ts'
import type { Refusal } from './refusal.ts'
import { headerTimedOut } from './refusal.ts'
import type { RequestBody } from './request-body.ts'
import { bodyOf } from './request-body.ts'
import type { RequestHead } from './request-head.ts'
import { readHead } from './request-head.ts'
import { RequestParser } from './request-parser.ts'
import type { RouterLimits } from './settings.ts'
import { Tunnel } from './tunnel.ts'

const goOn = 'HTTP/1.1 100 Continue\r\n\r\n'

/** What the connections of one router process share. */
export interface Clients {
  limits: RouterLimits
  trustProxy: boolean
  /** This process is giving up its connections. */
  leaving: boolean
  destinationOf(host: string): Destination | Refusal
  /** It is closed, or has become a tunnel. */
  onGone(connection: ClientConnection): void
}

/** A client's connection: its requests, one after the other. */
export class ClientConnection {
  readonly #socket: net.Socket
  readonly #clients: Clients
  readonly #address: string
  readonly #parser: RequestParser
  /** Of the latest request, until all of it has come. */
  #body: RequestBody | undefined
  /** The request that is not answered yet. */
  #exchange: Exchange | undefined
  readonly #early: EarlyBytes
  /** The last answer was given: what still comes is not looked at. */
  #ending = false
  #isFirst = true
  #paused = false
  /** In the present phase; of an upload since its last part. Counted by `tick`, so that a clock that jumps changes nothing. */
  #phaseMs = 0

  constructor(socket: net.Socket, clients: Clients) {
    this.#socket = socket
    this.#clients = clients
    this.#address = socket.remoteAddress ?? 'unknown'
    this.#parser = new RequestParser(clients.limits.maxHeaderBytes)
    // Of the next requests no more than a header may have is taken before their turn.
    this.#early = new EarlyBytes(clients.limits.maxHeaderBytes)
    socket
      .on('data', this.#onData)
      .on('drain', this.#onDrained)
      .on('end', this.#onEnd)
      .on('error', this.#onError)
      .on('close', this.#onClosed)
  }

  /** Nothing is under way on it, or nothing but the client's own close. */
  destroyIfIdle(): void {
    const isOver = this.#ending ? this.#phaseMs > 0 : this.#isIdle
    if (isOver && this.#socket.writableLength === 0) this.#socket.destroy()
  }

  /** Milliseconds have passed. */
  tick(passedMs: number): void {
    this.#phaseMs += passedMs
    const { clientBodyMs, clientHeaderMs, keepAliveMs, lingerMs, streamMs } = this.#clients.limits
    const socket = this.#socket
    if (socket.writableNeedDrain || (this.#exchange === undefined && socket.writableLength > 0)) {
      // A slow client takes what was written; this one takes nothing any more.
      if (streamMs > 0 && this.#phaseMs >= streamMs) socket.destroy()
    } else if (this.#exchange !== undefined) {
      // While the service is what is slow, the client has nothing to answer for.
      if (this.#body === undefined || this.#paused) this.#phaseMs = 0
      else if (this.#phaseMs >= clientBodyMs) this.#exchange.onUploadStalled()
    } else if (this.#ending || this.#body !== undefined) {
      if (this.#phaseMs >= lingerMs) socket.destroy()
    } else if (this.#parser.hasBegun) {
      if (this.#phaseMs >= clientHeaderMs) this.#refuse(headerTimedOut)
    } else if (this.#phaseMs >= (this.#isFirst ? clientHeaderMs : keepAliveMs)) {
      socket.destroy()
    }
  }

  /** The next request waits: for the answer before it, or until the client takes what it was answered. */
  get #isBusy(): boolean {
    return this.#exchange !== undefined || this.#socket.writableNeedDrain
  }

  get #isIdle(): boolean {
    return this.#exchange === undefined && this.#body === undefined && !this.#parser.hasBegun
  }

  readonly #onData = (part: Buffer): void => {
    if (this.#ending) return
    if (this.#early.isEmpty) this.#read(part, 0)
    else this.#keepEarly(part)
  }

  #read(part: Buffer, from: number): void {
    let at = from
    while (at < part.length && !this.#ending) {
      if (this.#body !== undefined) {
        at = this.#readBody(this.#body, part, at)
      } else if (this.#isBusy) {
        this.#keepEarly(part.subarray(at))
        return
      } else {
        at = this.#readHead(part, at)
      }
    }
  }

  #readHead(part: Buffer, from: number): number {
    if (!this.#parser.hasBegun) this.#phaseMs = 0
    const end = this.#parser.read(part, from)
    if (end === -1) return part.length
    if (typeof end !== 'number') {
      this.#refuse(end)
      return part.length
    }
    this.#isFirst = false
    this.#phaseMs = 0
    const { trustProxy, destinationOf } = this.#clients
    const head = readHead(this.#parser.head, { address: this.#address, trusted: trustProxy })
    if ('status' in head) {
      this.#refuse(head)
      return part.length
    }
    const to = destinationOf(head.host)
    if (head.isWebSocket) {
      this.#becomeTunnel(head, to, part.subarray(end))
      return part.length
    }
    this.#body = bodyOf(head)
    this.#begin(head, to, end === part.length)
    return end
  }

  #begin(head: RequestHead, to: Destination | Refusal, allHasCome: boolean): void {
    const answer = this.#answerTo(head)
    if ('status' in to) {
      // Whoever waits for word before the body may send it or not: what follows could be taken for the other.
      answer.refuse(head.expectsContinue ? { ...to, close: true } : to)
      return
    }
    if (head.expectsContinue && this.#body !== undefined && allHasCome) this.#socket.write(goOn, 'latin1')
    this.#exchange = new Exchange(head, answer, to, this.#resume)
    this.#exchange.start()
  }

  #answerTo(head: Pick<RequestHead, 'method' | 'isHttp10' | 'mayKeep'>): ClientAnswer {
    const clients = this.#clients
    const { keepAliveMs } = clients.limits
    return new ClientAnswer(this.#socket, head, keepAliveMs, clients, this.#onAnswered)
  }

  #readBody(body: RequestBody, part: Buffer, from: number): number {
    if (this.#exchange !== undefined) this.#phaseMs = 0
    let end: number
    try {
      end = body.read(part, from, this.#onBody)
    } catch {
      this.#body = undefined
      if (this.#exchange === undefined) this.#socket.destroy()
      else this.#exchange.onUploadBroken('The body of the request is not valid HTTP/1.1.')
      return part.length
    }
    if (body.ended) {
      this.#body = undefined
      this.#phaseMs = 0
      this.#exchange?.onUploaded()
    }
    return end
  }

  readonly #onBody = (data: Buffer): void => {
    if (this.#exchange === undefined || this.#exchange.upload(data)) return
    this.#paused = true
    this.#socket.pause()
  }

  #keepEarly(part: Buffer): void {
    this.#early.add(part)
    if (!this.#early.isFull) return
    this.#paused = true
    this.#socket.pause()
  }

  readonly #resume = (): void => {
    if (!this.#paused) return
    this.#paused = false
    this.#phaseMs = 0
    this.#socket.resume()
  }

  readonly #onAnswered = (keepsConnection: boolean): void => {
    this.#exchange = undefined
    this.#phaseMs = 0
    if (!keepsConnection) this.#end()
    this.#readEarly()
  }

  #readEarly(): void {
    if (!this.#early.isEmpty && !this.#isBusy) this.#read(this.#early.take(), 0)
    if (!this.#early.isFull) this.#resume()
  }

  /** To what cannot be read as a request: the last that this client is told. */
  #refuse(refusal: Refusal): void {
    this.#answerTo({ method: '', isHttp10: false, mayKeep: false }).refuse(refusal)
  }

  /** Reads on for a while: a connection closed with something unread in it is reset, and its last answer lost. */
  #end(): void {
    this.#ending = true
    if (!this.#early.isEmpty) this.#early.take()
    this.#socket.end(this.#onDrained)
  }

  #becomeTunnel(head: RequestHead, to: Destination | Refusal, early: Buffer): void {
    if ('status' in to) {
      this.#refuse(to)
      return
    }
    const socket = this.#socket
    socket
      .off('data', this.#onData)
      .off('drain', this.#onDrained)
      .off('end', this.#onEnd)
      .off('error', this.#onError)
      .off('close', this.#onClosed)
    socket.pause()
    // It flows again when the tunnel reads, not when there is room for the next request.
    this.#paused = false
    this.#clients.onGone(this)
    new Tunnel(head, socket, to, this.#clients.limits).open(early)
  }

  readonly #onDrained = (): void => {
    this.#phaseMs = 0
    if (this.#exchange !== undefined) this.#exchange.onClientDrained()
    else this.#readEarly()
  }

  /** It sends nothing more. Whoever has gone altogether looks the same, and a service is not kept busy for them. */
  readonly #onEnd = (): void => {
    if (this.#exchange !== undefined) this.#socket.destroy()
    else if (!this.#ending) this.#end()
  }

  readonly #onError = (): void => {
    this.#socket.destroy()
  }

  readonly #onClosed = (): void => {
    this.#exchange?.onClientGone()
    this.#exchange = undefined
    this.#clients.onGone(this)
  }
}
