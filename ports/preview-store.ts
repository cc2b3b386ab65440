import type { PreviewRule } from '../contract/preview.ts'

/** What a forge tells of one pull request, as far as its preview needs it. */
export interface PullRequestFacts {
  number: number
  title: string
  /** Its page on the forge. */
  url: string | null
  branch: string
  targetBranch: string
  fromFork: boolean
}

export interface PreviewRow extends PullRequestFacts {
  serviceId: string
  environment: string
  expiresAt: Date | null
  /** Its end was decided; the environment may still be there. */
  closedAt: Date | null
  closedReason: string | null
}

/** Which environment of which service is meant by which delivery, and when that came. */
export interface PreviewWish {
  serviceId: string
  environment: string
  deliveryId: string
  receivedAt: Date
}

export interface OpenWish extends PreviewWish {
  request: PullRequestFacts
  commitSha: string
  /** Also when it has been told of this commit already. */
  again: boolean
  rule: Pick<PreviewRule, 'ttl' | 'maxOpen'>
}

/** The rows are the truth: what is closed or over is removed by whoever looks next. */
export interface PreviewStore {
  rule(serviceId: string): Promise<PreviewRule | null>
  /** Open previews inherit by the new rule at once. */
  setRule(serviceId: string, rule: PreviewRule | null): Promise<void>
  /**
   * Notes that a delivery wants it, and renews its lifetime. `asked`: go on, also when the same delivery asks again.
   * `older`: a later delivery has said something else. `told`: it has this commit already. `closing`: it is still being
   * removed, ask again later. `full`: there are as many as may be.
   */
  ask(wish: OpenWish): Promise<'asked' | 'older' | 'told' | 'closing' | 'full'>
  /**
   * Decides its end. `closing`: its environment is still there. `removed`: not any more. `absent`: there never was one.
   * `newer`: a later delivery wants it. Keeps the first reason.
   */
  close(
    wish: Pick<PreviewWish, 'serviceId' | 'environment'> & {
      /** When the delivery came that says so; `now`: somebody wants it, whatever deliveries say. */
      receivedAt: Date | 'now'
      request: PullRequestFacts
      reason: string
    },
  ): Promise<'closing' | 'removed' | 'absent' | 'newer'>
  /** Those whose environment is there. */
  list(serviceId: string): Promise<PreviewRow[]>
  find(serviceId: string, environment: string): Promise<PreviewRow | undefined>
  /** Closes those whose lifetime is over, and answers all that are closed and whose environment is still there. */
  due(): Promise<PreviewRow[]>
}
