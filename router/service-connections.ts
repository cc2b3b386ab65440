import type { RouteTarget } from '../contract/routing.ts'
import { ServiceConnection } from './service-connection.ts'
import type { RouterLimits } from './settings.ts'

const coarsestTickMs = 500
const finestTickMs = 20

/** The connections to one release. The one used last is used next, so that those not needed grow old. */
export class ServiceConnections {
  readonly #address: RouteTarget
  readonly #limits: RouterLimits
  readonly #tickMs: number
  readonly #all = new Set<ServiceConnection>()
  readonly #idle: ServiceConnection[] = []
  /** One timer for all, as a timer for each request would cost more than all the limits are worth. */
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(address: RouteTarget, limits: RouterLimits) {
    this.#address = address
    this.#limits = limits
    const shortest = Math.min(limits.connectMs, limits.answerMs, limits.streamMs || Number.POSITIVE_INFINITY)
    this.#tickMs = Math.max(finestTickMs, Math.min(coarsestTickMs, Math.round(shortest / 4)))
  }

  take(): ServiceConnection {
    return this.#idle.pop() ?? this.open()
  }

  /** A new one: after a stale one, others that were kept may be stale as well. */
  open(): ServiceConnection {
    const { host, port } = this.#address
    const opened = new ServiceConnection({ host, port }, this.#limits, this.#onFree, this.#onGone)
    this.#all.add(opened)
    this.#timer ??= setInterval(() => this.#tick(), this.#tickMs).unref()
    return opened
  }

  /** Those in use are closed when they are free. */
  close(): void {
    this.#closed = true
    for (const connection of this.#idle.splice(0)) connection.destroy()
  }

  #tick(): void {
    for (const connection of this.#all) connection.tick(this.#tickMs)
  }

  readonly #onFree = (connection: ServiceConnection): void => {
    if (this.#closed) connection.destroy()
    else this.#idle.push(connection)
  }

  readonly #onGone = (connection: ServiceConnection): void => {
    this.#all.delete(connection)
    const at = this.#idle.indexOf(connection)
    if (at !== -1) this.#idle.splice(at, 1)
    if (this.#all.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
