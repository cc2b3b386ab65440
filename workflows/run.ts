import { CancellationScope, TimeoutFailure, workflowInfo } from '@temporalio/workflow'
import { ActivityFailure } from '@temporalio/common'
import type { RunInput, ScheduledInput } from '../contract/workflows.ts'
import { control, runsOn } from './activity-policies.ts'
import { isCancel } from './failure.ts'

/** One command in a live release. Its row says what to run and how it ended; nothing of it passes through here. */
export async function commandRun(input: RunInput): Promise<void> {
  const on = runsOn(input.host)
  try {
    if (await on.beginRun(input)) await on.attendRun(input)
  } catch (failure) {
    await CancellationScope.nonCancellable(() => giveUp(input, failure))
  }
}

/** The turn of a cron entry. Its Schedule starts no other before this one has ended. */
export async function cronRun(input: ScheduledInput): Promise<void> {
  const run = await control.beginCronRun({ ...input, turnId: workflowInfo().workflowId })
  if (run) await commandRun(run)
}

async function giveUp(input: RunInput, failure: unknown): Promise<void> {
  const canceled = isCancel(failure)
  await control.endRun({ runId: input.runId, canceled, note: canceled ? null : noteOf(failure) })
  await runsOn(input.host).clearRun(input)
}

function noteOf(failure: unknown): string {
  const cause = failure instanceof ActivityFailure ? failure.cause : failure
  if (cause instanceof TimeoutFailure) return 'Its host did not take it up: the agent is not running.'
  return cause instanceof Error ? cause.message : String(cause)
}
