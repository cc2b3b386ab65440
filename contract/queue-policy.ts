import type { Trigger } from './vocabulary.ts'

/** What becomes of deployments that wait when another one is asked for. Free of zod. */
export const queuePolicies = ['newest-wins', 'every', 'reject'] as const
/** `newest-wins`: older ones that wait are superseded. `every`: each has its turn. `reject`: none may wait. */
export type QueuePolicy = (typeof queuePolicies)[number]

/**
 * What holds for one deployment. A push is only ever interested in the newest code, a person has asked for each;
 * and a rollback is a decision of its own, which no push may take away.
 */
export function queuePolicyFor(ofEnvironment: QueuePolicy | null, trigger: Trigger): QueuePolicy {
  if (trigger === 'rollback' || trigger === 'rebuild' || trigger === 'restart') return 'every'
  if (ofEnvironment) return ofEnvironment
  return trigger === 'webhook' || trigger === 'push' ? 'newest-wins' : 'every'
}
