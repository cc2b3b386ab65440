import { ApplicationFailure, condition, defineSignal, setHandler } from '@temporalio/workflow'
import { signalNames } from '../contract/names.ts'
import type { ApprovalAnswer, DeployInput } from '../contract/workflows.ts'
import { control } from './activity-policies.ts'

export const answerApproval = defineSignal<[ApprovalAnswer]>(signalNames.answerApproval)

/**
 * Waits until somebody says whether the candidate may go live; it stays up meanwhile. Returns at once where the
 * environment asks for no approval.
 * @throws ApplicationFailure ApprovalRejected, ApprovalTimedOut
 */
export async function awaitApproval({ deploymentId, approvalTimeout }: DeployInput): Promise<void> {
  if (!approvalTimeout) return
  let answer: ApprovalAnswer | undefined
  setHandler(answerApproval, (given) => {
    answer ??= given
  })
  const until = new Date(Date.now() + approvalTimeout).toISOString()
  await control.recordApproval({ deploymentId, waiting: true, detail: `waits for approval until ${until}` })
  await condition(() => answer !== undefined, approvalTimeout)
  if (!answer) {
    throw ApplicationFailure.nonRetryable(`Nobody approved it until ${until}.`, 'ApprovalTimedOut')
  }
  const { approved, by, reason } = answer
  if (!approved) {
    throw ApplicationFailure.nonRetryable(
      `Rejected by ${by}${reason ? `: ${reason}` : '.'}`,
      'ApprovalRejected',
    )
  }
  await control.recordApproval({ deploymentId, waiting: false, detail: `approved by ${by}` })
}
