import { previewName, type PreviewRule } from '../../contract/preview.ts'
import { refSchema } from '../../contract/service.ts'
import type { DeliveryResult, EnvironmentRow, WebhookTarget } from '../../ports/store.ts'
import type { PullRequest } from '../webhooks/pull-request.ts'
import { meansBranch } from './branch-pattern.ts'

type Judgement = { targets: WebhookTarget[]; results: DeliveryResult[] }

/** What a pull request is to do with its preview, and why nothing. Pure. */
export function judgePullRequest(
  request: PullRequest,
  rule: PreviewRule | null,
  environments: readonly Pick<EnvironmentRow, 'environment' | 'preview'>[],
): Judgement {
  const environment = previewName(request.number)
  const there = environments.find((one) => one.environment === environment)
  const why = whyNot(request, rule, there)
  if (why !== undefined)
    return {
      targets: [],
      results: [{ environment: null, deploymentId: null, outcome: 'ignored', reason: why }],
    }
  return {
    targets: [targetOf(request, environment)],
    results: [{ environment, deploymentId: null, outcome: 'pending', reason: null }],
  }
}

function whyNot(
  request: PullRequest,
  rule: PreviewRule | null,
  there: Pick<EnvironmentRow, 'preview'> | undefined,
): string | undefined {
  const { action, number } = request
  if (action === 'other') return `Nothing was pushed to pull request ${number}.`
  if (there && !there.preview)
    return `There is an environment ${previewName(number)} that is no preview: it is left alone.`
  // Also without a rule: one that is there has to go.
  if (action === 'close')
    return rule || there ? undefined : `Pull request ${number} was closed: it had no preview.`
  return rule?.enabled
    ? whyNotOpened(request, rule)
    : 'Previews are off for this service: `sluice previews set` turns them on.'
}

function whyNotOpened({ number, branch, targetBranch, fromFork, forkRef }: PullRequest, rule: PreviewRule) {
  if (fromFork && !rule.allowForks) return `Pull request ${number} is from a fork: forks get no preview.`
  if (fromFork && forkRef === null)
    return `Pull request ${number} is from a fork, whose code is not in the repository of the service.`
  if (!meansBranch(rule.branches, branch)) return `Previews are made of other branches than ${branch}.`
  if (!meansBranch(rule.targetBranches, targetBranch))
    return `Previews are made of requests into other branches than ${targetBranch}.`
  if (!fromFork && !refSchema.safeParse(branch).success)
    return `The name of the branch of pull request ${number} is not accepted here.`
  return undefined
}

function targetOf(request: PullRequest, environment: string): WebhookTarget {
  const { action, commitSha, forkRef, number, title, url, branch, targetBranch, fromFork } = request
  return {
    environment,
    ref: fromFork && forkRef !== null ? forkRef : plainly(branch),
    commitSha,
    preview: {
      ...{ number, title, url, branch, targetBranch, fromFork },
      action: action === 'close' ? 'close' : 'open',
    },
  }
}

/** A branch that is named like something else than a branch is named in full. */
const plainly = (branch: string): string =>
  /^(refs\/.*|HEAD|[0-9a-f]{40})$/i.test(branch) ? `refs/heads/${branch}` : branch
