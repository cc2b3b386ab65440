import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  log,
  workflowInfo,
} from '@temporalio/workflow'
import type { Failure } from '../contract/failures.ts'
import { releaseId } from '../contract/names.ts'
import type { Compensation, StepName } from '../contract/vocabulary.ts'
import type { DeployInput, DeployResult, FetchReport, StepReport } from '../contract/workflows.ts'
import { control } from './activity-policies.ts'
import { listenForCancel } from './cancel.ts'
import { failureFrom, isCancel } from './failure.ts'
import { trackProgress } from './progress.ts'

export interface Pipeline {
  /** Runs one step, unless it has nothing to do, and shows it. Canceling the deployment cancels it. */
  step(name: StepName, run: () => Promise<StepReport | FetchReport>): Promise<void>
  /** Waits for something that is no step. Canceling the deployment ends the wait. */
  pause(wait: () => Promise<void>): Promise<void>
  /** Registers the reversal of the step that comes next. It must be harmless if that step never happens. */
  undo(reversal: () => Promise<void>): void
  /** From here on a cancel is refused: what is done once cannot be half taken back. */
  beyondReturn<T>(run: () => Promise<T>): Promise<T>
  /** A failure after the switch is reported, never undone: the new release is live. */
  afterLive(run: () => Promise<unknown>): Promise<void>
  /** Runs all undos, last first, and ends the deployment as FAILED or CANCELED. */
  fail(reason: unknown): Promise<never>
  /** Ends the deployment as SUCCEEDED. */
  succeed(): Promise<DeployResult>
}

export function startPipeline(input: DeployInput): Pipeline {
  const progress = trackProgress(input)
  const cancel = listenForCancel(progress)
  const undos: (() => Promise<void>)[] = []
  const idle = new Map<StepName, string>()
  let current: StepName | null = null
  let commitSha: string | null = input.commitSha ?? null
  let accepting = true
  let lateFailure: Failure | null = null

  const compensate = async (): Promise<Compensation> => {
    if (undos.length === 0) return 'NONE'
    progress.compensating()
    let outcome: Compensation = 'DONE'
    for (const reversal of undos.toReversed()) {
      try {
        await reversal()
      } catch (error) {
        // The other undos still have to run.
        log.error('an undo failed', { error: String(error) })
        outcome = 'FAILED'
      }
    }
    return outcome
  }

  return {
    async step(name, run) {
      current = name
      const nothing = idle.get(name)
      if (nothing !== undefined) return progress.stepFinished(name, 'SKIPPED', nothing)
      progress.stepStarted(name)
      // Once the return is behind, not even Temporal's own cancellation may reach a step.
      const report = await (accepting ? cancel.scope.run(run) : run())
      if ('commitSha' in report) {
        commitSha = report.commitSha
        progress.commit(commitSha)
        for (const { step, detail } of report.idle ?? []) idle.set(step, detail)
      }
      progress.stepFinished(name, report.skipped ? 'SKIPPED' : 'SUCCEEDED', report.detail)
    },

    pause(wait) {
      current = null
      return cancel.scope.run(wait)
    },

    undo(reversal) {
      undos.push(reversal)
    },

    beyondReturn(run) {
      cancel.refuseFromHere()
      accepting = false
      return CancellationScope.nonCancellable(run)
    },

    async afterLive(run) {
      try {
        await CancellationScope.nonCancellable(run)
      } catch (error) {
        lateFailure = failureFrom(error, current)
        progress.stepFinished(current!, 'FAILED', lateFailure.message)
      }
    },

    fail: (reason) =>
      CancellationScope.nonCancellable(async () => {
        const canceled = isCancel(reason)
        const failure = canceled ? null : failureFrom(reason, current)
        const compensation = await compensate()
        const status = canceled ? 'CANCELED' : 'FAILED'
        if (current) progress.stepFinished(current, status, failure?.message ?? null)
        await control.recordOutcome({ release: input, status, compensation, failure, step: current })
        progress.ended(status)
        if (!failure) throw new CancelledFailure(cancel.description())
        throw ApplicationFailure.create({
          message: failure.message,
          type: failure.code,
          nonRetryable: true,
          details: [failure, { compensation }],
        })
      }),

    succeed: () =>
      CancellationScope.nonCancellable(async () => {
        await control.recordOutcome({
          release: input,
          status: 'SUCCEEDED',
          compensation: 'NONE',
          failure: lateFailure,
          step: lateFailure ? current : null,
        })
        progress.ended('SUCCEEDED')
        log.info('deployed', { workflowId: workflowInfo().workflowId })
        return {
          deploymentId: input.deploymentId,
          status: 'SUCCEEDED' as const,
          releaseId: releaseId(input.serviceId, input.environment, input.releaseNumber),
          commitSha,
        }
      }),
  }
}
