/** What the router and those who command it agree on. Free of zod. */

/**
 * Orders changes of one route: a change is carried out only when its fence is greater than the last one.
 * The same fence with the same content is a no-op that answers as before; with other content it is refused.
 * `revision` 0 is a deployment's switch, 1 its undo.
 */
export interface Fence {
  deployment: number
  revision: number
}

export const compareFences = (a: Fence, b: Fence): number =>
  a.deployment - b.deployment || a.revision - b.revision

/** Where a release listens. `instance` names the process set that answers there. */
export interface RouteTarget {
  instance: string
  host: string
  port: number
}

export interface RouteChange {
  /** `<service>/<environment>`. */
  route: string
  fence: Fence
  /** Host names without port, lower case. */
  hosts: string[]
  /** null: the route exists but nothing serves it (503). */
  target: RouteTarget | null
}

export interface RouteState extends RouteChange {
  changedAt: string
}

/** What a target still has to finish. */
export interface TargetLoad {
  requests: number
  tunnels: number
}

export interface RouterHealth {
  status: 'ok'
  pid: number
  routes: number
  port: number
  uptimeSeconds: number
}
