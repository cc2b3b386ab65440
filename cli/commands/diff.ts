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

function describe({ from, to, sameCommit, compareUrl, variables, plan }: DeploymentDiff): string {
  const lines = [
    ...(sameCommit ? [] : [commit('-', from), commit('+', to), ...(compareUrl ? [`  ${compareUrl}`] : [])]),
    ...variables.map(({ name, change }) => `${signs[change]} variable ${name}`),
    ...plan.map(({ field, from: old, to: now }) => `~ ${field}: ${old ?? 'nothing'} → ${now ?? 'nothing'}`),
  ]
  return lines.length === 0 ? 'No difference.' : lines.map(harmlessText).join('\n')
}

const commit = (sign: string, { commitSha, commitMessage }: DeploymentDiff['from']): string =>
  `${sign} ${commitSha?.slice(0, 12) ?? '?'} ${(commitMessage ?? '').split('\n')[0]}`
