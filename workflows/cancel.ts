import { CancellationScope, CancelledFailure, defineSignal, setHandler } from '@temporalio/workflow'
import { signalNames } from '../contract/names.ts'
import type { CancelRequest } from '../contract/workflows.ts'
import type { ProgressTracker } from './progress.ts'

export const cancelDeployment = defineSignal<[CancelRequest]>(signalNames.cancelDeployment)

export interface CancelListener {
  /** Steps run in here. Temporal's own "Request cancellation" reaches it too: it is a child of the workflow's scope. */
  scope: CancellationScope
  /** @throws CancelledFailure when a cancel has come already. Later ones have no effect. */
  refuseFromHere(): void
  description(): string
}

/** A cancel is a signal that says who and why, or Temporal's own cancellation. */
export function listenForCancel(progress: ProgressTracker): CancelListener {
  const scope = new CancellationScope()
  let accepting = true
  let request: CancelRequest | null = null

  setHandler(cancelDeployment, (asked) => {
    if (!accepting) return
    request = asked
    progress.cancelRequested(asked)
    scope.cancel()
  })

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
