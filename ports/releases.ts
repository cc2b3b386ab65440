import type { Fence } from '../contract/routing.ts'
import type { ReleaseRef } from '../contract/workflows.ts'

/** Release folders of this host. */
export interface Releases {
  /** Folder that holds the code; exists once the release is published. */
  directory(release: ReleaseRef): string
  /** Makes a place in which one attempt makes a release. Refuses the live one. */
  stage(release: ReleaseRef): Promise<StagedRelease>
  /** True once it was published and neither `discard` nor `prune` has removed it. */
  exists(release: ReleaseRef): Promise<boolean>
  /** What a finished step wrote; undefined until then. */
  stampOf<T>(release: ReleaseRef, step: string): Promise<T | undefined>
  /** Durable: written last, so that its presence proves that the step is complete. */
  stamp(release: ReleaseRef, step: string, report: unknown): Promise<void>
  /** Removes a release that this deployment built, and what its attempts have staged. Refuses the live one, and does nothing for a rollback's. */
  discard(release: ReleaseRef): Promise<void>
  /** The live pointer of an environment. */
  live(serviceId: string, environment: string): Promise<LiveRelease | undefined>
  /** The same with the fence that it was moved with; `live` is null when it was moved to nothing. */
  pointer(serviceId: string, environment: string): Promise<Pointed | undefined>
  /** @throws StaleFence (ports/router.ts) when the pointer was moved by a newer change. Idempotent by fence. */
  setLive(serviceId: string, environment: string, fence: Fence, live: LiveRelease | null): Promise<void>
  /** Environments that have a folder here. */
  environments(): Promise<{ serviceId: string; environment: string }[]>
  /** Release numbers on the disk, those that are only staged included, newest first. */
  list(serviceId: string, environment: string): Promise<number[]>
  /** Removes all but the newest `keep` and those named. Answers what it removed. */
  prune(serviceId: string, environment: string, keep: number, always: number[]): Promise<number[]>
  /** Removes everything of an environment that was deleted. */
  forget(serviceId: string, environment: string): Promise<void>
}

/** A release in the making, of one attempt alone: no other attempt writes there, and nobody reads there. */
export interface StagedRelease {
  /** Empty folder for the code, owned by the service's user. */
  directory: string
  /**
   * Hands the code to the service's user, and makes it the release: at once, whole, with its first stamp, and such
   * that it survives a power loss. What other attempts have staged is removed.
   * @returns false when another attempt was first: its release stands
   */
  publish(step: string, report: unknown): Promise<boolean>
  /** Removes it, unless it was published. */
  discard(): Promise<void>
}

export interface Pointed {
  fence: Fence
  live: LiveRelease | null
}

export interface LiveRelease {
  /** Deployment that made it live. */
  number: number
  releaseNumber: number
  instance: string
  port: number
}
