import type { Deployment } from '../../contract/deployment.ts'
import { harmlessText } from '../../contract/harmless-text.ts'

/** Lines of a failed step's output that are shown once more at the end; all of it is in the log. */
const tailLines = 20

/** How a deployment ended, for the one who pushed it. @param url of the API */
export function outcomeLines(deployment: Deployment, url: string): string[] {
  const { id, status, serviceUrl, failure, supersededBy } = deployment
  if (status === 'SUCCEEDED') return [`✓ ${id} is live: ${serviceUrl ?? ''}`]
  if (status === 'SUPERSEDED') return [`⊘ ${id} was superseded${supersededBy ? ` by ${supersededBy}` : ''}.`]
  const title = status === 'CANCELED' ? `⊘ ${id} was canceled.` : `✗ ${id} failed${atStep(deployment)}.`
  if (!failure) return [title, undone(deployment)]
  const tail = harmlessText(failure.message).trimEnd().split('\n').slice(-tailLines)
  return [
    title,
    ...tail.map((line) => `  │ ${line}`),
    `  ${failure.hint}`,
    `  ${undone(deployment)} What was pushed is stored.`,
    `  ${new URL(failure.link, url).href}`,
    `  The whole output: sluice logs ${id}`,
  ]
}

const atStep = ({ failure }: Deployment): string =>
  failure ? ` at ${failure.step ?? 'the start'}: ${failure.code}` : ''

function undone({ compensation, failure }: Deployment): string {
  if (compensation === 'FAILED')
    return 'What it had changed could not be undone completely. Look at the log of the agent.'
  return failure?.code === 'DiedAfterSwitch'
    ? 'It was taken out of service, and the release before it serves again if there was one.'
    : 'The live release was not touched.'
}
