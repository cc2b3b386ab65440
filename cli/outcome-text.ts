import type { Deployment } from '../contract/deployment.ts'
import type { Context } from './context.ts'
import { exitCodeOf } from './outcome.ts'
import { harmlessText } from '../contract/harmless-text.ts'

/** Lines of a failed step's output that are shown; all of it is in the log. */
const tailLines = 20

/** Tells how a deployment ended, and sets the exit status. The url is the data; the rest is for people. */
export function reportOutcome(context: Context, deployment: Deployment): void {
  process.exitCode = exitCodeOf(deployment)
  if (context.json) return context.print(JSON.stringify(deployment, undefined, 2))
  const { note, colors } = context
  if (deployment.status === 'SUCCEEDED') {
    note(colors.green(`✓ ${deployment.id} is live.`))
    if (deployment.serviceUrl) context.print(deployment.serviceUrl)
    return
  }
  for (const line of failureLines(deployment, context)) note(line)
}

/** What went wrong and what to do: the step, the last lines of its output, the hint, the link. */
export function failureLines(deployment: Deployment, { colors, settings }: Context): string[] {
  const { id, status, failure, compensation, supersededBy } = deployment
  if (status === 'SUPERSEDED')
    return [colors.yellow(`⊘ ${id} was superseded${supersededBy ? ` by ${supersededBy}` : ''}.`)]
  const title =
    status === 'CANCELED'
      ? colors.yellow(`⊘ ${id} was canceled.`)
      : colors.red(`✗ ${id} failed${atStep(deployment)}.`)
  const undone =
    compensation === 'FAILED'
      ? colors.red('  What it had changed could not be undone completely. Look at the log of the agent.')
      : failure?.code === 'DiedAfterSwitch'
        ? '  It was taken out of service, and the release before it serves again if there was one.'
        : '  The live release was not touched.'
  if (!failure) return [title, undone]
  const tail = harmlessText(failure.message).trimEnd().split('\n').slice(-tailLines)
  return [
    title,
    ...tail.map((line) => `  ${colors.dim('│')} ${line}`),
    `  ${failure.hint}`,
    undone,
    `  ${new URL(failure.link, settings.url).href}`,
    `  The whole output: sluice logs ${id}`,
  ]
}

const atStep = ({ failure }: Deployment): string =>
  failure ? ` at ${failure.step ?? 'the start'}: ${failure.code}` : ''
