import type { PreviewRule } from '../../contract/preview.ts'
import type { DeliveryResult, EnvironmentRow, WebhookTarget } from '../../ports/store.ts'
import { judgePullRequest } from '../previews/judge.ts'
import type { Push, WebhookEvent } from './event.ts'

type Judgement = { targets: WebhookTarget[]; results: DeliveryResult[] }
type Environment = Pick<EnvironmentRow, 'environment' | 'branch' | 'autoDeploy' | 'preview'>

/** What an event is to do in each environment, and why it does nothing in the others. Pure. */
export function judge(
  event: WebhookEvent,
  environments: readonly Environment[],
  rule: PreviewRule | null,
): Judgement {
  if (event.isPing) return ignored('The forge asked whether anybody is there. Pushes will be deployed.')
  if (event.unread !== null) return ignored(event.unread)
  if (event.pullRequest) return judgePullRequest(event.pullRequest, rule, environments)
  if (event.pushes.length === 0)
    return ignored(`The event "${event.name}" deploys nothing: only pushes and pull requests do.`)
  // Of what is pushed to a pull request its own events tell.
  const lasting = environments.filter(({ preview }) => preview === null)
  const all = event.pushes.map((push) => judgePush(push, lasting))
  return {
    targets: all.flatMap(({ targets }) => targets),
    results: all.flatMap(({ results }) => results),
  }
}

function judgePush(push: Push, environments: readonly Environment[]): Judgement {
  const { kind, name, commitSha, message } = push
  if (kind === 'tag') return ignored(`Tag ${name} was pushed: tags deploy nothing.`)
  if (commitSha === null) return ignored(`Branch ${name} was deleted: there is nothing to deploy.`)
  const meant = environments.filter(({ branch }) => plainBranch(branch) === name)
  if (meant.length === 0)
    return ignored(`No environment is deployed from branch ${name}${others(environments)}.`)
  if (/\[(skip deploy|deploy skip|no deploy)\]/i.test(message))
    return ignored('The message of the commit says [skip deploy].')
  return {
    targets: meant
      .filter(({ autoDeploy }) => autoDeploy)
      .map(({ environment }) => ({ environment, ref: name, commitSha })),
    results: meant.map(({ environment, autoDeploy }) =>
      autoDeploy ? { environment, deploymentId: null, outcome: 'pending', reason: null } : off(environment),
    ),
  }
}

const off = (environment: string): DeliveryResult => ({
  environment,
  deploymentId: null,
  outcome: 'ignored',
  reason: `${environment} does not deploy pushes: its autoDeploy is off.`,
})

const ignored = (reason: string): Judgement => ({
  targets: [],
  results: [{ environment: null, deploymentId: null, outcome: 'ignored', reason }],
})

/** An environment may also name its branch in full. */
export const plainBranch = (branch: string): string => branch.replace(/^refs\/heads\//, '')

function others(environments: readonly Environment[]): string {
  if (environments.length === 0) return ': the service has none yet'
  const list = environments
    .slice(0, 10)
    .map(({ environment, branch }) => `${environment} from ${plainBranch(branch)}`)
  return ` (${list.join(', ')}${environments.length > list.length ? ' …' : ''})`
}
