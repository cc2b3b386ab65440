import type { Fence, RouteState } from '../../contract/routing.ts'
import type { Router } from '../../ports/router.ts'

/** Time limits and caps, in milliseconds and counts; small ones in the tests about them. */
export interface SuiteLimits {
  maxConnections?: number
  maxPerTarget?: number
  clientHeaderMs?: number
  clientBodyMs?: number
  keepAliveMs?: number
  answerMs?: number
  streamMs?: number
  lingerMs?: number
}

export interface RunningRouter {
  router: Router
  port: number
  /** Ends the process that carries the traffic with SIGKILL. Resolves once the signal is sent. */
  kill(): Promise<void>
  /** Replaces that process gracefully, as for an upgrade. Resolves once the new one serves. */
  replace(): Promise<void>
  stop(): Promise<void>
}

export type StartRouter = (options?: { trustProxy?: boolean; limits?: SuiteLimits }) => Promise<RunningRouter>

/** What the rows share: a router of their own file, and routes that do not meet. */
export interface Suite {
  start: StartRouter
  running: () => RunningRouter
}

let routes = 0

/** Routes a host name of its own to the port. */
export async function routeTo(
  { router }: RunningRouter,
  port: number,
  fence: Fence = { deployment: 1, revision: 0 },
): Promise<{ host: string; route: string; instance: string; state: RouteState }> {
  const name = `service-${process.pid}-${++routes}`
  const instance = `${name}-${fence.deployment}`
  const host = `${name}.localhost`
  const route = `${name}/production`
  const state = await router.change({
    route,
    fence,
    hosts: [host],
    target: { instance, host: '127.0.0.1', port },
  })
  return { host, route, instance, state }
}
