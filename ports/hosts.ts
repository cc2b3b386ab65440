import type { Disk, TaskQueue } from '../contract/host.ts'
import type { RouterHealth } from '../contract/routing.ts'

/** The machine that this process runs on, as a host of releases. Looks only. */
export interface ThisHost {
  /** Each disk that a deployment writes to, once. */
  disks(): Promise<Disk[]>
  /** @throws Error when the router does not answer */
  router(): Promise<RouterHealth>
}

/** Where work waits, and who takes it. @throws Error when Temporal does not answer */
export interface TaskQueues {
  pollers(queue: string, carries: TaskQueue['carries']): Promise<NonNullable<TaskQueue['pollers']>>
  /** Version of the server. */
  version(): Promise<string>
}
