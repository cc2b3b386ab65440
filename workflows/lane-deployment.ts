import {
  ChildWorkflowFailure,
  getExternalWorkflowHandle,
  log,
  ParentClosePolicy,
  startChild,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/workflow'
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common'
import { failureOf } from '../contract/failures.ts'
import { deployWorkflowId, signalNames } from '../contract/names.ts'
import type { CancelRequest, QueuedDeployment, WorkflowEnd } from '../contract/workflows.ts'
import { activitiesOn, control } from './activity-policies.ts'
import { deploy } from './deploy.ts'
import { searchAttributes } from './search-attributes.ts'

/** Runs one deployment to its end, whatever that is. Never throws: the lane goes on with the next. */
export async function runDeployment(deployment: QueuedDeployment, alreadyStarted: boolean): Promise<void> {
  const end = alreadyStarted ? await endOfStarted(deployment) : await startAndWait(deployment)
  if (end === 'terminated' || end === 'timedOut' || end === 'missing') await settle(deployment, end)
}

/** Passes who and why on, then cancels, so that Temporal shows it as canceled too. */
export function cancelRunning(deployment: QueuedDeployment, request: CancelRequest): void {
  const handle = getExternalWorkflowHandle(workflowIdOf(deployment))
  handle
    .signal(signalNames.cancelDeployment, request)
    .then(() => handle.cancel())
    .catch((error: unknown) =>
      log.info('the deployment had ended before the cancel', { error: String(error) }),
    )
}

async function startAndWait(deployment: QueuedDeployment): Promise<WorkflowEnd> {
  try {
    const child = await startChild(deploy, {
      args: [deployment],
      workflowId: workflowIdOf(deployment),
      // A terminated lane must not take the deployment with it.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowExecutionTimeout: deployment.timings.deployTimeout,
      typedSearchAttributes: [
        { key: searchAttributes.Service, value: deployment.serviceId },
        { key: searchAttributes.Environment, value: deployment.environment },
        { key: searchAttributes.Trigger, value: deployment.trigger },
        { key: searchAttributes.DeploymentStatus, value: 'RUNNING' },
      ],
      memo: { ref: deployment.ref, requestedBy: deployment.requestedBy, queuedAt: deployment.queuedAt },
      staticSummary: `${deployment.serviceId} ${deployment.environment} #${deployment.number} ${deployment.ref}`,
    })
    await child.result()
    return 'completed'
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return endOfStarted(deployment)
    return endFrom(error)
  }
}

/** Waits for a deployment that an earlier run of the lane has started. */
const endOfStarted = (deployment: QueuedDeployment) => control.awaitDeployment(workflowIdOf(deployment))

function endFrom(error: unknown): WorkflowEnd {
  const cause = error instanceof ChildWorkflowFailure ? error.cause : error
  if (cause instanceof TerminatedFailure) return 'terminated'
  if (cause instanceof TimeoutFailure) return 'timedOut'
  return 'failed'
}

/** A deployment that was cut off could not compensate: its lane does. */
async function settle(deployment: QueuedDeployment, end: WorkflowEnd): Promise<void> {
  const message =
    {
      terminated: 'The deployment workflow was terminated.',
      timedOut: 'The deployment took longer than it may.',
    }[end as string] ?? 'The deployment workflow is gone from Temporal.'
  let failure = failureOf('Terminated', message)
  try {
    const { live, migrating } = await activitiesOn(deployment.host).settleTerminated(deployment)
    if (migrating) failure = failureOf('MigrationOutcomeUnknown', `${message} Its migration was under way.`)
    await control.recordOutcome(
      live
        ? { release: deployment, status: 'SUCCEEDED', compensation: 'NONE', failure, step: null }
        : { release: deployment, status: 'FAILED', compensation: 'DONE', failure, step: null },
    )
  } catch (error) {
    log.error('clearing up after a terminated deployment failed', { error: String(error) })
    await control.recordOutcome({
      release: deployment,
      status: 'FAILED',
      compensation: 'FAILED',
      failure,
      step: null,
    })
  }
}

const workflowIdOf = ({ serviceId, environment, number }: QueuedDeployment) =>
  deployWorkflowId(serviceId, environment, number)
