import type { Deployment, DeploymentEvent } from '../contract/deployment.ts'
import type { StepStatus } from '../contract/vocabulary.ts'

/** What a `live` event says when traffic was taken away again. */
export const noLongerLive = 'no longer live'

/** The deployment after an event. An event that it knows already changes nothing. */
export function applyEvent(deployment: Deployment, event: DeploymentEvent): Deployment {
  if (event.type === 'step' || event.type === 'retry')
    return { ...deployment, steps: deployment.steps.map((step) => afterStep(step, event)) }
  if (event.type === 'live') return { ...deployment, live: event.detail !== noLongerLive }
  if (event.type === 'cancelRequested') return deployment
  return { ...deployment, status: event.status as Deployment['status'] }
}

type Step = Deployment['steps'][number]

function afterStep(step: Step, event: DeploymentEvent): Step {
  if (step.name !== event.step) return step
  if (event.type === 'retry')
    return { ...step, lastFailure: event.detail, nextAttemptAt: event.nextAttemptAt }
  const status = event.status as StepStatus
  const started = status === 'RUNNING'
  return {
    ...step,
    status,
    attempt: event.attempt ?? step.attempt,
    detail: event.detail ?? step.detail,
    startedAt: started ? event.at : step.startedAt,
    finishedAt: started ? null : event.at,
    nextAttemptAt: null,
  }
}
