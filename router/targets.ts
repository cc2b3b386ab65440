import type { RouteTarget, TargetLoad } from '../contract/routing.ts'
import type { RouterLimits } from './settings.ts'
import { Target } from './target.ts'

/** Every target that is routed or still has something in flight. */
export class Targets {
  readonly #limits: RouterLimits
  #targets: Target[] = []

  constructor(limits: RouterLimits) {
    this.#limits = limits
  }

  /** The same object for the same address, so that its connections and counts survive a change of routes. */
  at(address: RouteTarget): Target {
    const known = this.#targets.find((target) => !target.isClosed && sameAddress(target.address, address))
    if (known) return known
    const target = new Target(address, this.#limits)
    this.#targets.push(target)
    return target
  }

  /** Exactly these are routed now. */
  setRouted(routed: Set<Target>): void {
    this.#targets = this.#targets.filter((target) => !target.isClosed)
    for (const target of this.#targets) target.setRouted(routed.has(target))
  }

  loadOf(instance: string): TargetLoad {
    const load = { requests: 0, tunnels: 0 }
    for (const target of this.#of(instance)) {
      load.requests += target.load.requests
      load.tunnels += target.load.tunnels
    }
    return load
  }

  async whenIdle(instance: string): Promise<void> {
    await Promise.all(this.#of(instance).map((target) => target.whenIdle()))
  }

  cut(instance: string): void {
    for (const target of this.#of(instance)) target.cutAll()
  }

  cutEverything(): void {
    for (const target of this.#targets) target.cutAll()
  }

  all(): Target[] {
    return this.#targets.filter((target) => !target.isClosed)
  }

  #of(instance: string): Target[] {
    return this.#targets.filter((target) => target.address.instance === instance)
  }
}

export const sameAddress = (a: RouteTarget, b: RouteTarget): boolean =>
  a.instance === b.instance && a.host === b.host && a.port === b.port
