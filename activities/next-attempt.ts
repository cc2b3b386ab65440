import type { Info } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import { msToNumber } from '@temporalio/common/lib/time.js'

/**
 * Milliseconds until Temporal begins the next attempt after this one has failed of that; undefined when there is none.
 * As its retry policies are defined: initial interval times coefficient to the power of the retries so far, with a limit.
 */
export function nextAttemptIn(
  { attempt, retryPolicy }: Pick<Info, 'attempt' | 'retryPolicy'>,
  failure: unknown,
): number | undefined {
  if (!retryPolicy || isFinal(failure, retryPolicy.nonRetryableErrorTypes ?? [])) return undefined
  const { maximumAttempts = 0, backoffCoefficient = 2, initialInterval, maximumInterval } = retryPolicy
  // Without a limit the server says 0.
  if (maximumAttempts > 0 && attempt >= maximumAttempts) return undefined
  const first = msToNumber(initialInterval ?? '1s')
  const most = maximumInterval === undefined ? first * 100 : msToNumber(maximumInterval)
  return Math.min(most, first * backoffCoefficient ** (attempt - 1))
}

function isFinal(failure: unknown, types: string[]): boolean {
  if (failure instanceof ApplicationFailure)
    return failure.nonRetryable === true || types.includes(failure.type ?? '')
  return failure instanceof Error && types.includes(failure.name)
}
