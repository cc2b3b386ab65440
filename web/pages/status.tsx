import type { DeploymentStatus, StepStatus } from '../../contract/vocabulary.ts'

type Status = DeploymentStatus | StepStatus | 'LIVE'

const words: Record<Status, [sign: string, word: string]> = {
  QUEUED: ['◷', 'Queued'],
  PENDING: ['○', 'Pending'],
  WAITING_APPROVAL: ['◔', 'Waits for approval'],
  RUNNING: ['◐', 'Running'],
  SUCCEEDED: ['✓', 'Succeeded'],
  FAILED: ['✕', 'Failed'],
  CANCELED: ['–', 'Canceled'],
  SUPERSEDED: ['⇥', 'Superseded'],
  SKIPPED: ['·', 'Skipped'],
  LIVE: ['●', 'Live'],
}

/** A status as sign, word and colour: none of the three is needed to know it. */
export function StatusWord({ status }: { status: Status }) {
  const [sign, word] = words[status]
  return (
    <span class={`status ${status.toLowerCase()}`}>
      <span class="sign" aria-hidden="true">
        {sign}
      </span>
      {word}
    </span>
  )
}

/** Of the tab's icon. */
export const iconOf = (status: Status): string =>
  ({
    QUEUED: 'running',
    WAITING_APPROVAL: 'running',
    RUNNING: 'running',
    SUCCEEDED: 'succeeded',
    FAILED: 'failed',
  })[status as string] ?? 'canceled'
