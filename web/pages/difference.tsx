import type { DeploymentDiff } from '../../contract/diff.ts'
import { pathOf } from '../api.ts'
import type { DeploymentView } from '../read/deployment.ts'
import { Commit, plainText } from './commit.tsx'
import { sourceUrlOf } from '../source-url.ts'

const words = { added: 'is new', changed: 'is changed', removed: 'is gone' } as const

/** What going live with this one changes, or changed back; by name where the values are nobody's business. */
export function Difference({ difference, service }: DeploymentView) {
  if (!difference) return null
  const { from, to, sameCommit, variables, plan, compareUrl } = difference
  const sourceUrl = sourceUrlOf(service)
  return (
    <details class="card difference">
      <summary>
        Beside the live one, {from.deploymentId}: {summary(difference)}
      </summary>
      <a href={pathOf('deployments', from.deploymentId)}>The live one</a>
      <ul>
        {sameCommit ? null : (
          <li>
            <Commit sha={from.commitSha} message={from.commitMessage} sourceUrl={sourceUrl} /> →{' '}
            <Commit sha={to.commitSha} message={to.commitMessage} sourceUrl={sourceUrl} />{' '}
            {compareUrl ? <a href={compareUrl}>Changes since the live one</a> : null}
          </li>
        )}
        {variables.map(({ name, change }) => (
          <li>
            variable <code>{name}</code> {words[change]}
          </li>
        ))}
        {plan.map((one) => (
          <li>
            {one.field}: <code>{plainText(one.from ?? 'nothing')}</code> →{' '}
            <code>{plainText(one.to ?? 'nothing')}</code>
          </li>
        ))}
      </ul>
    </details>
  )
}

function summary({ sameCommit, variables, plan }: DeploymentDiff): string {
  const parts = [
    sameCommit ? 'the same commit' : 'another commit',
    variables.length > 0 ? `${variables.length} ${variables.length === 1 ? 'variable' : 'variables'}` : '',
    plan.length > 0 ? `${plan.length} of the plan` : '',
  ]
  return parts.filter(Boolean).join(', ')
}
