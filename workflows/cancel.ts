import {
  CancellationScope,
  CancelledFailure,
  defineSignal,
  defineUpdate,
  setHandler,
} from '@temporalio/workflow'
import { signalNames, updateNames } from '../contract/names.ts'
import type { CancelRequest } from '../contract/workflows.ts'
import type { ProgressTracker } from './progress.ts'

export const cancelDeployment = defineSignal<[CancelRequest]>(signalNames.cancelDeployment)
export const askToCancel = defineUpdate<boolean, [CancelRequest]>(updateNames.askToCancel)

export interface CancelListener {
  /** Steps run in here. Temporal's own "Request cancellation" reaches it too: it is a child of the workflow's scope. */
  scope: CancellationScope
  /** @throws CancelledFailure when a cancel has come already. Later ones have no effect. */
  refuseFromHere(): void
  description(): string
}

/**
 * A cancel is an update that says who and why and hears whether it is in time, a signal that says the same (it also
 * counts while no worker is there to answer), or Temporal's own cancellation.
 */
export function listenForCancel(progress: ProgressTracker): CancelListener {
  const scope = new CancellationScope()
  let accepting = true
  let request: CancelRequest | null = null

  const take = (asked: CancelRequest): boolean => {
    if (!accepting) return false
    request = asked
    progress.cancelRequested(asked)
    scope.cancel()
    return true
  }
  setHandler(askToCancel, take)
  setHandler(cancelDeployment, (asked) => void take(asked))

  return {
    scope,
    refuseFromHere() {
      if (scope.consideredCancelled) throw new CancelledFailure('canceled just before the switch')
      accepting = false
    },
    description: () =>
      request ? `canceled by ${request.by}${request.reason ? `: ${request.reason}` : ''}` : 'canceled',
  }
}
