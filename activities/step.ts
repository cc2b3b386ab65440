import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity'
import type { StepName } from '../contract/vocabulary.ts'
import type { DeployInput, StepReport } from '../contract/workflows.ts'
import type { Store } from '../ports/store.ts'
import { crashPoint } from './crash-point.ts'
import { typedFailure } from './typed-failure.ts'

/** Milliseconds; a missed cancel is noticed with the next one, a dead agent after the policy's 10 s. */
const heartbeatEvery = 1000

/**
 * Makes an activity of the body of a step: RUNNING in the store before, done after, a heartbeat all along,
 * and every expected error as a typed failure that is not retried.
 */
export const asStep =
  <Report extends StepReport>(
    name: StepName,
    { store }: { store: Store },
    body: (input: DeployInput, signal: AbortSignal) => Promise<Report>,
  ) =>
  (input: DeployInput): Promise<Report> =>
    attended(async (signal) => {
      await store.deployments.stepStarted(input.deploymentId, name, Context.current().info.attempt)
      crashPoint(`before ${name}`, input)
      const report = await body(input, signal)
      crashPoint(`after ${name}`, input)
      if (report.goesOn) return report
      await store.deployments.stepFinished(input.deploymentId, name, {
        status: report.skipped ? 'SKIPPED' : 'SUCCEEDED',
        detail: report.detail,
      })
      return report
    })

/**
 * Heartbeats while the body runs. Its signal aborts with reason `cancel` when a person cancels, and with `detach`
 * when the worker stops, the attempt timed out or the workflow is gone: then the work is left for a later attempt.
 */
export async function attended<Result>(body: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const context = Context.current()
  const abort = new AbortController()
  const onCancel = () => abort.abort(context.cancellationDetails?.cancelRequested ? 'cancel' : 'detach')
  context.cancellationSignal.addEventListener('abort', onCancel, { once: true })
  if (context.cancellationSignal.aborted) onCancel()
  const heart = setInterval(() => context.heartbeat(), heartbeatEvery)
  try {
    return await body(abort.signal)
  } catch (error) {
    if (abort.signal.aborted) throw new CancelledFailure(`stopped: ${String(abort.signal.reason)}`)
    if (error instanceof ApplicationFailure) throw error
    throw typedFailure(error)
  } finally {
    clearInterval(heart)
    context.cancellationSignal.removeEventListener('abort', onCancel)
  }
}
