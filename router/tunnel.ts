import type { IncomingMessage } from 'node:http'
import http from 'node:http'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import type { Destination } from './exchange.ts'
import { answerNameOf, Forward } from './answer-rules.ts'
import { nominated } from './header-rules.ts'
import { headersIn } from './header-lines.ts'
import type { RequestHead } from './request-head.ts'
import type { LiveRoute } from './live-routes.ts'
import { answerTimedOut, brokenAnswer, rawRefusal, unreachable } from './refusal.ts'
import type { RouterLimits } from './settings.ts'
import type { Target, Work } from './target.ts'

/** How long one side of a tunnel may stay open after the other has ended. */
const halfOpenMs = 30_000

/** A WebSocket: the handshake is passed on, then bytes both ways until both sides have ended. */
export class Tunnel implements Work {
  readonly #client: net.Socket
  readonly #route: LiveRoute
  readonly #target: Target
  readonly #handshake: http.ClientRequest
  readonly #limits: RouterLimits
  #declined = false
  #service: Duplex | undefined
  #otherEnd: NodeJS.Timeout | undefined
  #ended = false

  constructor(head: RequestHead, client: net.Socket, to: Destination, limits: RouterLimits) {
    const { route, target } = to
    this.#client = client
    this.#route = route
    this.#target = target
    this.#limits = limits
    const { host, port } = target.address
    this.#handshake = http.request({
      method: 'GET',
      path: head.url,
      headers: [...headersIn(head.lines), 'connection', 'Upgrade', 'upgrade', 'websocket'],
      setDefaultHeaders: false,
      createConnection: () => net.connect({ host, port, allowHalfOpen: true, noDelay: true }),
    })
    this.#handshake.setTimeout(limits.answerMs, () =>
      this.#refuse(rawRefusal(answerTimedOut(route.name)), 504),
    )
    this.#handshake.on('error', (error: NodeJS.ErrnoException) => {
      const refusal = error.code === 'ECONNREFUSED' ? unreachable(route.name) : brokenAnswer(route.name)
      this.#refuse(rawRefusal(refusal), refusal.status)
    })
  }

  /** @param early what the client has sent after its handshake. */
  open(early: Buffer): void {
    this.#target.beginTunnel(this)
    this.#client
      .on('error', () => this.cut())
      .on('end', () => this.#onEarlyEnd())
      .on('close', () => this.#onClosed())
    this.#handshake.on('upgrade', (answer, service, first) => this.#join(answer, service, first, early))
    this.#handshake.on('response', (answer) => this.#decline(answer))
    this.#handshake.end()
  }

  cut(): void {
    this.#client.destroy()
    this.#service?.destroy()
    this.#handshake.destroy()
    this.#finish()
  }

  #join(answer: IncomingMessage, service: Duplex, first: Buffer, early: Buffer): void {
    if (this.#ended) {
      service.destroy()
      return
    }
    this.#service = service
    ;(service as net.Socket).setTimeout(0)
    service.on('error', () => this.cut()).on('close', () => this.#onClosed())
    const client = this.#client
    client.write(rawHead(answer, 'connection: Upgrade\r\nupgrade: websocket\r\n'), 'latin1')
    if (first.length > 0) client.write(first)
    if (early.length > 0) service.write(early)
    // Ends one direction at a time, so that a half-closed side still gets its answer.
    client.pipe(service)
    service.pipe(client)
    client.on('end', () => this.#expectOtherEnd())
    service.on('end', () => this.#expectOtherEnd())
    this.#route.count(101)
  }

  /** Whoever has gone altogether looks the same, and a service is not kept busy for them. */
  #onEarlyEnd(): void {
    if (!this.#ended && this.#service === undefined) this.cut()
  }

  /** The service answered something else than 101: passed on, after which the connection ends. */
  #decline(answer: IncomingMessage): void {
    this.#declined = true
    this.#route.count(answer.statusCode ?? 502)
    this.#handshake.setTimeout(0)
    const length = answer.headers['content-length']
    const framing = length === undefined ? '' : `content-length: ${length}\r\n`
    this.#client.write(rawHead(answer, `${framing}connection: close\r\n`), 'latin1')
    answer.pipe(this.#client)
    answer.on('error', () => this.#abort())
    const client = this.#client
    client.resume() // its end is to be seen
    client.setTimeout(this.#limits.streamMs)
    client.on('timeout', () => this.#abort()).on('finish', () => this.#linger())
  }

  /** Its end is the end of the connection, so only a reset tells that it is not whole. */
  #abort(): void {
    if (!this.#client.writableFinished) this.#client.resetAndDestroy()
    this.cut()
  }

  #refuse(answer: string, status: number): void {
    if (this.#ended || this.#service) return
    if (this.#declined) {
      this.#abort()
      return
    }
    this.#route.count(status)
    const client = this.#client
    client.end(answer)
    client.resume()
    this.#handshake.destroy()
    this.#linger()
  }

  /** All was answered: the service has nothing more to do with it, and the client has a while to see it. */
  #linger(): void {
    const client = this.#client
    const timer = setTimeout(() => client.destroy(), this.#limits.lingerMs)
    client.on('close', () => clearTimeout(timer))
    this.#finish()
  }

  #onClosed(): void {
    const { destroyed } = this.#client
    if (destroyed && (this.#service === undefined || this.#service.destroyed)) this.cut()
    // One side is gone altogether: what it has sent is still delivered, nothing else can come of it.
    else if (destroyed) this.#service?.end()
    else this.#client.end()
  }

  /** A peer that has gone altogether looks like one that has only ended its side. */
  #expectOtherEnd(): void {
    this.#otherEnd ??= setTimeout(() => this.cut(), halfOpenMs)
  }

  #finish(): void {
    clearTimeout(this.#otherEnd)
    if (this.#ended) return
    this.#ended = true
    this.#target.endTunnel(this)
  }
}

function rawHead(answer: IncomingMessage, framing: string): string {
  const dropped = nominated(answer.headers.connection ?? '')
  let head = `HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n`
  for (let i = 0; i < answer.rawHeaders.length; i += 2) {
    const name = (answer.rawHeaders[i] as string).toLowerCase()
    if (answerNameOf(name).rule !== Forward || dropped?.has(name)) continue
    head += `${answer.rawHeaders[i]}: ${answer.rawHeaders[i + 1]}\r\n`
  }
  return `${head}${framing}\r\n`
}
