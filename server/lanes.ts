import type {
  ApprovalAnswer,
  CancelRequest,
  Enqueued,
  EnqueueRequest,
  TeardownInput,
} from '../contract/workflows.ts'

/** The queues of the environments, and the only way in which the server starts or stops anything. */
export interface Lanes {
  /**
   * Takes the deployment into its environment's lane; the same `requestId` again means the same deployment.
   * @throws LanesUnavailable when that is not certain; repeating the request makes it so
   * @throws EnvironmentBusy when its policy is `reject` and another deployment has not ended
   */
  enqueue(request: EnqueueRequest): Promise<Enqueued>
  /**
   * Cancels a running deployment or drops a waiting one. One that has ended is left alone. False when it comes too
   * late: the switch of traffic has begun. @throws LanesUnavailable
   */
  cancel(request: CancelRequest & { serviceId: string; environment: string }): Promise<boolean>
  /** Tells a deployment that waits for approval whether it may go live. @throws LanesUnavailable */
  answerApproval(answer: ApprovalAnswer & { deploymentId: string }): Promise<void>
  /** Ends the lane of an environment that is being deleted. Absent is fine. @throws LanesUnavailable */
  forget(serviceId: string, environment: string): Promise<void>
  /** Removes what a deleted environment has on its host, and waits for it. @throws LanesUnavailable */
  teardown(input: TeardownInput): Promise<void>
  /** @throws LanesUnavailable */
  ping(): Promise<void>
}

/** Its message names the deployment that is in the way. */
export class EnvironmentBusy extends Error {
  override name = 'EnvironmentBusy'
}

export class LanesUnavailable extends Error {
  override name = 'LanesUnavailable'
}
