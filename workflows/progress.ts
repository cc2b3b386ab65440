import { defineQuery, setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow'
import { queryNames } from '../contract/names.ts'
import { stepsOf, type DeploymentStatus, type StepName, type StepStatus } from '../contract/vocabulary.ts'
import type { CancelRequest, DeployInput, Progress, StepProgress } from '../contract/workflows.ts'
import { searchAttributes } from './search-attributes.ts'

export const progressQuery = defineQuery<Progress>(queryNames.progress)

export interface ProgressTracker {
  stepStarted(name: StepName): void
  stepFinished(name: StepName, status: StepStatus, detail: string | null): void
  commit(sha: string): void
  compensating(): void
  cancelRequested(request: CancelRequest): void
  ended(status: DeploymentStatus): void
}

/** Makes the deployment readable in Temporal's web UI: a step table, search attributes, a query. */
export function trackProgress(input: DeployInput): ProgressTracker {
  const steps: StepProgress[] = stepsOf(input.trigger).map((name) => ({
    name,
    status: 'PENDING',
    detail: null,
  }))
  let status: DeploymentStatus = 'RUNNING'
  let note = ''
  // Told at the fetch and at the end, where it says what failed: an upsert costs 20 ms, and the step table is live.
  let step: StepName = 'preflight'
  let cancel: CancelRequest | null = null

  const show = () => setCurrentDetails(stepTable(input, steps, status, note))
  const set = (name: StepName, change: Partial<StepProgress>) => {
    Object.assign(
      steps.find((step) => step.name === name)!,
      change,
    )
    show()
  }

  setHandler(progressQuery, () => ({ deploymentId: input.deploymentId, status, steps, cancel }))
  show()

  return {
    stepStarted(name) {
      step = name
      set(name, { status: 'RUNNING' })
    },
    stepFinished: (name, result, detail) => set(name, { status: result, detail }),
    commit: (sha) =>
      upsertSearchAttributes([
        { key: searchAttributes.CommitSha, value: sha },
        { key: searchAttributes.Step, value: step },
      ]),
    compensating() {
      note = 'Undoing what was done.'
      show()
    },
    cancelRequested(request) {
      cancel = request
      note = `Cancel asked for by ${request.by}.`
      show()
    },
    ended(result) {
      status = result
      note = ''
      for (const left of steps) if (left.status === 'PENDING') left.status = 'SKIPPED'
      upsertSearchAttributes([
        { key: searchAttributes.DeploymentStatus, value: result },
        { key: searchAttributes.Step, value: step },
      ])
      show()
    },
  }
}

const icons: Record<StepStatus, string> = {
  PENDING: '·',
  RUNNING: '▶',
  SUCCEEDED: '✓',
  FAILED: '✗',
  SKIPPED: '–',
  CANCELED: '⊘',
}

/** The web UI puts nothing between the columns of a table, and Markdown takes away all blanks but this one. */
const gap = '\u2003'

function stepTable(
  input: DeployInput,
  steps: StepProgress[],
  status: DeploymentStatus,
  note: string,
): string {
  const rows = steps.map(
    ({ name, status: step, detail }) =>
      `| **${name}**${gap} | ${icons[step]} ${step.toLowerCase()}${gap} | ${cell(detail)} |`,
  )
  return [
    `**${input.serviceId} / ${input.environment} #${input.number}** \`${input.ref}\` — ${status} ${note}`,
    '',
    '| Step | Status | Detail |',
    '|:---|:---|:---|',
    ...rows,
  ].join('\n')
}

/** One line that cannot break out of the table. */
function cell(detail: string | null): string {
  const line = detail?.trim().split('\n').at(-1) ?? ''
  return line.replaceAll('|', '\\|').slice(0, 200)
}
