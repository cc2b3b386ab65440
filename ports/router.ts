import type { Fence, RouteChange, RouterHealth, RouteState, TargetLoad } from '../contract/routing.ts'

/** Sends traffic to releases by Host name. Every adapter must pass the conformance suite in `test/router`. */
export interface Router {
  /**
   * Routes to the target; no request that starts after this resolves reaches the previous one.
   * Durable once it resolves. Idempotent by fence.
   * @throws StaleFence when the route was changed with a greater fence, or the same one and other content.
   * @throws HostTaken when another route has one of the host names.
   */
  change(change: RouteChange): Promise<RouteState>
  /** Forgets a route. Absent is fine. @throws StaleFence as above. */
  remove(route: string, fence: Fence): Promise<void>
  /** What is routed now; undefined when the route is not known. */
  find(route: string): Promise<RouteState | undefined>
  /** All routes. */
  list(): Promise<RouteState[]>
  /** In-flight requests (uploads included) and open tunnels (WebSockets) of a target. */
  load(instance: string): Promise<TargetLoad>
  /** Resolves once a target that is no longer routed has nothing in flight; or at the limit, cutting what is left. */
  drain(instance: string, limitMs: number, signal?: AbortSignal): Promise<TargetLoad>
  health(): Promise<RouterHealth>
}

export class StaleFence extends Error {
  override name = 'StaleFence'
  readonly current: Fence
  constructor(route: string, current: Fence) {
    super(`${route} was changed by deployment ${current.deployment}, which is newer`)
    this.current = current
  }
}

export class HostTaken extends Error {
  override name = 'HostTaken'
  constructor(host: string, route: string) {
    super(`${host} belongs to ${route}`)
  }
}
