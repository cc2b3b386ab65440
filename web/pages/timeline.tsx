import type { Deployment, Step } from '../../contract/deployment.ts'
import { plainText } from './commit.tsx'
import { StatusWord } from './status.tsx'
import { Duration, Until } from './time.tsx'

/** The steps in their order, and beside them what was undone. */
export const Timeline = ({ deployment }: { deployment: Deployment }) => (
  <>
    <ol class="timeline">
      {deployment.steps.map((step) => (
        <StepRow step={step} />
      ))}
    </ol>
    <Compensation deployment={deployment} />
  </>
)

const StepRow = ({ step }: { step: Step }) => (
  <li class={`step ${step.status.toLowerCase()}`} id={`step-${step.name}`} data-entry>
    <button class="step-name" data-step={step.name} disabled={step.attempt === 0}>
      {step.name}
    </button>
    <StatusWord status={step.status} />
    <Duration from={step.startedAt} to={step.finishedAt} />
    {step.attempt > 1 ? <span class="badge">attempt {step.attempt}</span> : null}
    {step.nextAttemptAt ? <NextTry step={step} at={step.nextAttemptAt} /> : null}
    {step.detail ? <span class="detail">{plainText(step.detail)}</span> : null}
  </li>
)

/** It waits until it is tried again: why, and for how long. */
const NextTry = ({ step, at }: { step: Step; at: string }) => (
  <span class="detail retry">
    Attempt {step.attempt} failed, next try <Until at={at} />: {plainText(step.lastFailure ?? '')}
  </span>
)

function Compensation({ deployment }: { deployment: Deployment }) {
  const { compensation, status, steps } = deployment
  const broken = steps.some((step) => step.status === 'FAILED' || step.status === 'CANCELED')
  if (compensation === 'NONE' && !(status === 'RUNNING' && broken)) return null
  const [state, says] = {
    NONE: ['RUNNING', 'is being undone, last step first'],
    DONE: ['SUCCEEDED', 'What this deployment had made is removed.'],
    FAILED: ['FAILED', 'Something of it is left: see the log of the agent.'],
  }[compensation] as ['RUNNING' | 'SUCCEEDED' | 'FAILED', string]
  return (
    <div class="compensation" aria-label="Compensation">
      <span class="step-name">undo</span>
      <StatusWord status={state} />
      <span class="detail">{says}</span>
    </div>
  )
}
