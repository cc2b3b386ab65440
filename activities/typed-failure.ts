import { ApplicationFailure } from '@temporalio/activity'
import type { FailureCode } from '../contract/failures.ts'
import { PlanError } from '../contract/plan.ts'
import { isNoSpace } from '../ports/no-space.ts'
import { HostTaken, StaleFence } from '../ports/router.ts'
import { SourceError } from '../ports/source.ts'

/** An expected failure: trying again would end the same way. */
export const expected = (code: FailureCode, message: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(message, code)

/** Known errors of the ports become typed failures; all others stay as they are, for Temporal to retry. */
export function typedFailure(error: unknown): unknown {
  if (error instanceof PlanError) {
    const lines = error.details.map(({ pointer, message }) => `${pointer}: ${message}`)
    return expected(error.code, [error.message, ...lines].join('\n'))
  }
  if (error instanceof SourceError) return sourceFailure(error)
  if (error instanceof StaleFence) return expected('StaleDeployment', error.message)
  if (error instanceof HostTaken) return expected('SwitchFailed', error.message)
  if (isNoSpace(error)) return expected('DiskFull', `There is no room left: ${error.message}`)
  return error
}

/** An unreachable repository may be reachable again in a moment: that one is retried a few times. */
function sourceFailure(error: SourceError): ApplicationFailure {
  if (error.code !== 'RepositoryUnreachable') return expected(error.code, error.message)
  return expected('RepositoryUnreachable', error.message)
}
