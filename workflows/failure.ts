import { ActivityFailure, ApplicationFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow'
import { failureOf, isFailureCode, type Failure } from '../contract/failures.ts'
import type { StepName } from '../contract/vocabulary.ts'

export function isCancel(reason: unknown): boolean {
  return isCancellation(reason)
}

/** What the API will show for an error that came out of a step. */
export function failureFrom(reason: unknown, step: StepName | null): Failure {
  const at = step ?? undefined
  // Whatever went wrong, the hook may have been started, and nobody has told how it ended.
  const unexpected = step === 'migrate' ? 'MigrationOutcomeUnknown' : 'Internal'
  const cause = reason instanceof ActivityFailure ? reason.cause : reason
  if (cause instanceof ApplicationFailure) {
    const code = cause.type && isFailureCode(cause.type) ? cause.type : unexpected
    return failureOf(code, cause.message, at)
  }
  if (cause instanceof TimeoutFailure) {
    if (cause.timeoutType === 'SCHEDULE_TO_START')
      return failureOf('HostUnavailable', 'No agent took the work within 30 s.', at)
    return failureOf(unexpected, `The step ran out of time (${cause.timeoutType}).`, at)
  }
  return failureOf(unexpected, cause instanceof Error ? cause.message : String(cause), at)
}
