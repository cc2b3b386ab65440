import type { Client, Dispatcher, Pool } from 'undici'
import type { RouteTarget, TargetLoad } from '../contract/routing.ts'
import { createClient, createPool } from './pool.ts'
import { serviceConnector } from './service-connector.ts'
import type { RouterLimits } from './settings.ts'

/** A request in flight or an open tunnel. */
export interface Work {
  /** Ends it now, on both sides. */
  cut(): void
}

/** One release's address, with its connections and everything it still has to finish. */
export class Target {
  readonly address: RouteTarget
  readonly #limits: RouterLimits
  readonly #origin: string
  readonly #options: Client.Options
  readonly #pool: Pool
  readonly #requests = new Set<Work>()
  readonly #tunnels = new Set<Work>()
  #idleWaiters: (() => void)[] = []
  #routed = true
  #closed = false

  constructor(address: RouteTarget, limits: RouterLimits) {
    this.address = address
    this.#limits = limits
    this.#origin = `http://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`
    this.#options = {
      connect: serviceConnector(limits.connectMs),
      headersTimeout: limits.answerMs,
      bodyTimeout: limits.streamMs,
      // Below the 2 s after which gunicorn, the quickest of the common servers, closes an idle connection.
      keepAliveTimeout: 1_500,
      keepAliveMaxTimeout: 30_000,
      maxHeaderSize: 65_536,
    }
    this.#pool = createPool(this.#origin, { ...this.#options, pipelining: 1 })
  }

  get load(): TargetLoad {
    return { requests: this.#requests.size, tunnels: this.#tunnels.size }
  }

  get isFull(): boolean {
    return this.#requests.size + this.#tunnels.size >= this.#limits.maxPerTarget
  }

  get isIdle(): boolean {
    return this.#requests.size === 0 && this.#tunnels.size === 0
  }

  get isClosed(): boolean {
    return this.#closed
  }

  beginRequest(work: Work): void {
    this.#requests.add(work)
  }

  endRequest(work: Work): void {
    if (this.#requests.delete(work) && !this.#routed) this.#settle()
  }

  beginTunnel(work: Work): void {
    this.#tunnels.add(work)
  }

  endTunnel(work: Work): void {
    if (this.#tunnels.delete(work) && !this.#routed) this.#settle()
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#pool.dispatch(options, handler)
  }

  /** On a connection of its own: after a stale one, others of the pool may be stale as well. */
  dispatchAfresh(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    const client = createClient(this.#origin, this.#options)
    client.dispatch({ ...options, reset: true }, handler)
    client.close().catch(() => {})
  }

  /** No route leads here any more (or one does again). */
  setRouted(routed: boolean): void {
    this.#routed = routed
    if (!routed) this.#settle()
  }

  /** Resolves when nothing is in flight. Only for a target that is not routed. */
  whenIdle(): Promise<void> {
    if (this.isIdle) return Promise.resolve()
    return new Promise((resolve) => this.#idleWaiters.push(resolve))
  }

  cutAll(): void {
    for (const work of [...this.#requests, ...this.#tunnels]) work.cut()
  }

  #settle(): void {
    if (!this.isIdle) return
    const waiters = this.#idleWaiters
    this.#idleWaiters = []
    for (const resolve of waiters) resolve()
    // A turn later, as this may be called from within the pool's own callbacks.
    setImmediate(() => {
      if (this.#routed || this.#closed || !this.isIdle) return
      this.#closed = true
      this.#pool.close().catch(() => {})
    })
  }
}
