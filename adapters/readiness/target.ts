import { releaseId } from '../../contract/names.ts'
import { takesRelease } from '../../contract/vocabulary.ts'
import type { Readiness } from '../../ports/readiness.ts'

export type Target = Parameters<Readiness['check']>[0]

/** One that goes back to a release instead of building one. */
export type RollbackTarget = Target & { releaseNumber: number }

export const isRollback = (target: Target): target is RollbackTarget =>
  takesRelease(target.trigger) && target.releaseNumber !== undefined

export const releaseOf = ({ serviceId, environment, releaseNumber }: RollbackTarget): string =>
  releaseId(serviceId, environment, releaseNumber)
