import type { Command } from 'commander'
import type { DeploymentDiff } from '../../contract/diff.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { harmlessText } from '../../contract/harmless-text.ts'

export function register(program: Command): void {
  program
    .command('diff <deployment> <other>')
    .description('what differs between two deployments: commit, plan, variables by name')
    .action(async (from: string, to: string, _options: object, command: Command) => {
      const context = contextOf(command)
      const path = `/v1/deployments/${encodeURIComponent(from)}/diff/${encodeURIComponent(to)}`
      context.answer(await clientOf(context.settings).get<DeploymentDiff>(path), describe)
    })
}

const signs = { added: '+', changed: '~', removed: '-' } as const

function describe({ from, to, sameCommit, compareUrl, commits, variables, plan }: DeploymentDiff): string {
  const lines = [
    ...(sameCommit ? [] : [...commitLines(commits, from, to), ...(compareUrl ? [`  ${compareUrl}`] : [])]),
    ...variables.map(({ name, change }) => `${signs[change]} variable ${name}`),
    ...plan.map(({ field, from: old, to: now }) => `~ ${field}: ${old ?? 'nothing'} → ${now ?? 'nothing'}`),
  ]
  return lines.length === 0 ? 'No difference.' : lines.map(harmlessText).join('\n')
}

/** All between the two; only the two where nobody knows what is between them. */
function commitLines(
  commits: DeploymentDiff['commits'],
  from: DeploymentDiff['from'],
  to: DeploymentDiff['to'],
): string[] {
  if (!commits || commits.added.length + commits.removed.length === 0)
    return [commit('-', from), commit('+', to)]
  const line = (sign: string, { sha, subject, author }: Listed) =>
    `${sign} ${sha.slice(0, 12)} ${subject} (${author})`
  return [
    ...commits.removed.map((one) => line('-', one)),
    ...commits.added.map((one) => line('+', one)),
    ...(commits.complete ? [] : ['  … and more']),
  ]
}
type Listed = NonNullable<DeploymentDiff['commits']>['added'][number]

const commit = (sign: string, { commitSha, commitMessage }: DeploymentDiff['from']): string =>
  `${sign} ${commitSha?.slice(0, 12) ?? '?'} ${(commitMessage ?? '').split('\n')[0]}`
