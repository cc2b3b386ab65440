import type { RouteTarget, TargetLoad } from '../contract/routing.ts'
import { ServiceConnections } from './service-connections.ts'
import type { RouterLimits } from './settings.ts'

/** A request in flight or an open tunnel. */
export interface Work {
  /** Ends it now, on both sides. */
  cut(): void
}

/** One release's address, with its connections and everything it still has to finish. */
export class Target {
  readonly address: RouteTarget
  readonly connections: ServiceConnections
  readonly #limits: RouterLimits
  readonly #requests = new Set<Work>()
  readonly #tunnels = new Set<Work>()
  #idleWaiters: (() => void)[] = []
  #routed = true
  #closed = false

  constructor(address: RouteTarget, limits: RouterLimits) {
    this.address = address
    this.#limits = limits
    this.connections = new ServiceConnections(address, limits)
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
    // A turn later: a request that has just ended its work may still hand back its connection.
    setImmediate(() => {
      if (this.#routed || this.#closed || !this.isIdle) return
      this.#closed = true
      this.connections.close()
    })
  }
}
