import type { Compensation, DeploymentStatus, StepName, StepStatus, Trigger } from './vocabulary.ts'
import type { Failure } from './failures.ts'
import type { QueuePolicy } from './queue-policy.ts'

/** Everything that workflows, activities and those who start them pass to each other. Types only. */

/** Which deployment, and which release it brings up: the one it builds, or the one a rollback goes back to. */
export interface ReleaseRef {
  serviceId: string
  environment: string
  /** Number of the deployment: the fence. */
  number: number
  deploymentId: string
  /** Number of the deployment that built the release. Equal to `number` unless this is a rollback. */
  releaseNumber: number
}

/** What a deployment is asked for with. */
export interface DeploymentRequest {
  host: string
  trigger: Trigger
  ref: string
  /** An exact commit instead of resolving `ref` (retry). */
  commitSha?: string
  retryOf?: string
  rollbackOf?: string
  requestedBy: string
  /** Shown with the deployment: owner/name, and where it will answer. */
  repoFullName: string | null
  serviceUrl: string
  queuedAt: string
  timings: Timings
  /** What becomes of those that wait; absent in requests of before there was a choice, which means `every`. */
  queue?: QueuePolicy
  /** Milliseconds that it waits before the switch for somebody to approve it; absent: it does not wait. */
  approvalTimeout?: number
}

/** What `enqueueDeployment` takes. */
export interface EnqueueRequest extends DeploymentRequest {
  /** Same id, same deployment: makes the call safe to repeat. */
  requestId: string
  serviceId: string
  environment: string
  /** For a rollback. */
  releaseNumber?: number
  /** The lane numbers from here at least; the store knows numbers that a lost lane forgot. */
  numberFloor: number
}

/** Milliseconds; what Temporal's time-outs are derived from. */
export interface Timings {
  deployTimeout: number
}

export interface Enqueued {
  number: number
  deploymentId: string
}

export interface LaneInput {
  serviceId: string
  environment: string
  /** Events after which it continues as new; another number than the standard one is for tests. */
  rotateAfterEvents?: number
  /** Carried over continue-as-new. */
  carried?: LaneState
}

export interface LaneState {
  lastNumber: number
  waiting: QueuedDeployment[]
  /** A deployment that still ran when the lane continued as new. */
  running: QueuedDeployment | null
  /** requestId → number, newest last, bounded. */
  recent: [string, number][]
}

export interface QueuedDeployment extends DeployInput {
  requestId: string
}

/** Input of one deployment workflow. */
export interface DeployInput extends ReleaseRef, DeploymentRequest {}

/** A waiting deployment whose place a newer one has taken. */
export interface Superseded {
  deployment: QueuedDeployment
  /** Id of the newer one. */
  by: string
}

/** What is written when a deployment begins to wait for approval (`waiting`), and when it goes on. */
export interface ApprovalRecord {
  deploymentId: string
  waiting: boolean
  /** One line for people: until when, or who has approved it. */
  detail: string
}

/** To a deployment that waits for it: whether it may go live. */
export interface ApprovalAnswer {
  approved: boolean
  by: string
  reason: string | null
}

export interface CancelRequest {
  /** Which one, when sent to the lane. */
  deploymentId: string
  by: string
  reason: string | null
}

export interface DeployResult {
  deploymentId: string
  status: DeploymentStatus
  releaseId: string
  commitSha: string | null
}

/** Written by the worker once a deployment has ended, however it ended. */
export interface Outcome {
  release: ReleaseRef
  status: DeploymentStatus
  compensation: Compensation
  failure: Failure | null
  /** The step that was under way. */
  step: StepName | null
}

export interface StepProgress {
  name: StepName
  status: StepStatus
  detail: string | null
}

/** Answer of the `progress` query. */
export interface Progress {
  deploymentId: string
  status: DeploymentStatus
  steps: StepProgress[]
  cancel: CancelRequest | null
}

/** Answer of the lane's `queue` query. */
export interface QueueView {
  running: string | null
  waiting: string[]
}

/** What every step activity answers. */
export interface StepReport {
  /** One line for people: what was done. */
  detail: string
  /** True: there was nothing to do. */
  skipped?: boolean
  /** True: this was the first part of the step; the activity that does the rest ends it. */
  goesOn?: boolean
}

export interface SwitchReport extends StepReport {
  /** Milliseconds that the release is to be watched from now on; 0 for not at all. Absent before there was a soak. */
  soakMs?: number
}

export interface FetchReport extends StepReport {
  commitSha: string
  /** Later steps that have nothing to do in this release, with what is shown for them: they are not run. */
  idle?: { step: StepName; detail: string }[]
}

export interface TeardownInput {
  serviceId: string
  environment: string
  host: string
  /** Fence: the last deployment's number. */
  number: number
}

export interface NotifyInput {
  deliveryId: string
}

/** Input of what a schedule starts. What is to be done is looked up when its time has come. */
export interface ScheduledInput {
  serviceId: string
  environment: string
  name: string
}

/** What came of a schedule's turn. */
export interface ScheduledResult {
  deploymentId: string | null
  /** Why nothing was started. */
  note: string | null
}

/** Input of a run. What is to be run is in the store. */
export interface RunInput {
  runId: string
  host: string
}

export interface RunFailure {
  runId: string
  canceled: boolean
  note: string | null
}

/** What `settleTerminated` found. */
export interface Settled {
  /** The switch had happened: the release is live and was kept. */
  live: boolean
  /** It was cut off in the middle of its migration. */
  migrating?: boolean
}

/** How a deployment workflow ended, seen from outside. */
export type WorkflowEnd = 'completed' | 'failed' | 'canceled' | 'terminated' | 'timedOut' | 'missing'
