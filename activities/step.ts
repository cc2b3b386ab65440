import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity'
import type { StepName } from '../contract/vocabulary.ts'
import type { DeployInput, StepReport } from '../contract/workflows.ts'
import type { Store } from '../ports/store.ts'
import { crashPoint } from './crash-point.ts'
import { nextAttemptIn } from './next-attempt.ts'
import { typedFailure } from './typed-failure.ts'

/** Milliseconds; a missed cancel is noticed with the next one, a dead agent after the policy's 10 s. */
const heartbeatEvery = 1000

/**
 * Makes an activity of the body of a step: RUNNING in the store while it begins, done after, a heartbeat all along,
 * and every expected error as a typed failure that is not retried. `record` comes before the first of the two writes.
 */
export const asStep =
  <Report extends StepReport>(
    name: StepName,
    { store }: { store: Store },
    body: (input: DeployInput, signal: AbortSignal) => Promise<Report>,
    record: (input: DeployInput) => Promise<void> = () => Promise.resolve(),
  ) =>
  (input: DeployInput): Promise<Report> =>
    attended(async (signal) => {
      await crashPoint(`before ${name}`, input)
      const { attempt } = Context.current().info
      const shown = record(input).then(() => store.deployments.stepStarted(input.deploymentId, name, attempt))
      const tellRetry = (error: unknown) => noteRetry(store, input, name, signal, error)
      const report = await settled(body(input, signal), shown, tellRetry)
      await crashPoint(`after ${name}`, input)
      if (report.goesOn) return report
      await store.deployments.stepFinished(input.deploymentId, name, {
        status: report.skipped ? 'SKIPPED' : 'SUCCEEDED',
        detail: report.detail,
      })
      return report
    })

/** Nothing of an attempt may be written after its end: both are awaited. What the body failed of comes first. */
async function settled<Report>(
  body: Promise<Report>,
  shown: Promise<void>,
  failed: (error: unknown) => Promise<void>,
): Promise<Report> {
  const [ended, written] = await Promise.allSettled([body, shown])
  if (ended.status === 'rejected') {
    // A store that did not take the beginning is not asked again.
    if (written.status === 'fulfilled') await failed(ended.reason)
    throw ended.reason
  }
  if (written.status === 'rejected') throw written.reason
  return ended.value
}

/** Says why it is tried again and when, if it is. That this cannot be told is no failure of its own. */
async function noteRetry(
  store: Store,
  { deploymentId }: DeployInput,
  name: StepName,
  signal: AbortSignal,
  error: unknown,
): Promise<void> {
  if (signal.aborted) return
  const { info } = Context.current()
  const failure = typedFailure(error)
  const nextIn = nextAttemptIn(info, failure)
  if (nextIn === undefined) return
  const reason = failure instanceof Error ? failure.message : String(failure)
  await store.deployments
    .attemptFailed(deploymentId, name, { attempt: info.attempt, reason, nextIn })
    .catch(() => {})
}

/** The same for an undo, which the store does not show as a step. */
export const asUndo =
  <Input extends { serviceId: string }, Result>(
    name: 'discard' | 'stop' | 'restore' | 'settle' | 'remove',
    body: (input: Input, signal: AbortSignal) => Promise<Result>,
  ) =>
  (input: Input): Promise<Result> =>
    attended(async (signal) => {
      await crashPoint(`before ${name}`, input)
      const result = await body(input, signal)
      await crashPoint(`after ${name}`, input)
      return result
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
