import { isArchiveRef } from '../contract/archive-ref.ts'
import type { Deployment } from '../contract/deployment.ts'
import { diffCommits, type DeploymentDiff } from '../contract/diff.ts'
import { parseDeploymentId } from '../contract/names.ts'
import type { Plan } from '../contract/plan.ts'
import { repositoryOf } from '../ports/repository.ts'
import { SourceError, type Repository } from '../ports/source.ts'
import type { ServiceRow, StoredRelease } from '../ports/store.ts'
import type { AppDeps } from './deps.ts'
import { findDeployment, findService } from './find.ts'
import { Refusal } from './refusal.ts'
import { variableDifferences } from './variable-differences.ts'

/** @throws Refusal 404, 409 when one of them never came as far as a release */
export async function diffDeployments(
  deps: Pick<AppDeps, 'store' | 'secrets' | 'source'>,
  fromId: string,
  toId: string,
): Promise<DeploymentDiff> {
  // By the ids alone: whether there is such a one of another service is none of the caller's business.
  if (parseDeploymentId(fromId)?.serviceId !== parseDeploymentId(toId)?.serviceId)
    throw new Refusal(409, 'OtherService', `${fromId} and ${toId} are not of the same service.`)
  const [from, to] = [await findDeployment(deps, fromId), await findDeployment(deps, toId)]
  const [before, after] = [await releaseOf(deps, from), await releaseOf(deps, to)]
  const service = await findService(deps, from.serviceId)
  return {
    from: sideOf(from),
    to: sideOf(to),
    sameCommit: from.commitSha === to.commitSha,
    compareUrl: service.source.kind === 'git' ? compareUrl(service.source.url, from, to) : null,
    commits: await commitsBetween(deps, service, from, to),
    variables: variableDifferences(
      deps.secrets,
      { ...nameOf(from), variables: before.sealedVariables },
      { ...nameOf(to), variables: after.sealedVariables },
    ),
    plan: planDifferences(before.plan, after.plan),
  }
}

/** Where the repository does not answer, the rest of the difference is still worth having. */
async function commitsBetween(
  { source, secrets }: Pick<AppDeps, 'source' | 'secrets'>,
  service: ServiceRow,
  { commitSha: from }: Deployment,
  { commitSha: to }: Deployment,
): Promise<DeploymentDiff['commits']> {
  if (from === null || to === null) return null
  if (from === to) return isArchiveRef(to) ? null : { added: [], removed: [], complete: true }
  let repository: Repository
  try {
    repository = repositoryOf(secrets, service)
  } catch {
    // The preflight says how to put that right.
    return null
  }
  try {
    const range = await source.commitsBetween(repository, { from, to, limit: diffCommits })
    return range ? { added: range.added, removed: range.removed, complete: range.isComplete } : null
  } catch (error) {
    if (error instanceof SourceError) return null
    throw error
  }
}

const nameOf = ({ serviceId, environment }: Deployment) => ({ serviceId, environment })

const sideOf = ({ id, commitSha, commitMessage, releaseId }: Deployment) => ({
  ...{ deploymentId: id, commitSha, commitMessage, releaseId },
})

async function releaseOf({ store }: Pick<AppDeps, 'store'>, deployment: Deployment): Promise<StoredRelease> {
  const { id, releaseId } = deployment
  const release = releaseId === null ? undefined : await store.releases.find(releaseId, id)
  if (release) return release
  throw new Refusal(409, 'NoRelease', `${id} has no release to compare: it ended, or is, before its fetch.`)
}

/** The page of GitHub, GitLab, Gitea and Bitbucket alike. */
function compareUrl(url: string, from: Deployment, to: Deployment): string | null {
  if (!url.startsWith('https://') || !from.commitSha || !to.commitSha || from.commitSha === to.commitSha)
    return null
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname.replace(/(\.git)?\/?$/, '')}/compare/${from.commitSha}...${to.commitSha}`
}

/** Words for people about the plan differ without meaning; its environment is compared by name with the variables. */
const unlike = new Set(['reasons', 'warnings', 'suggestions', 'environment'])

function planDifferences(from: Plan, to: Plan): DeploymentDiff['plan'] {
  const [before, after] = [fieldsOf(from), fieldsOf(to)]
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((field) => before.get(field) !== after.get(field))
    .map((field) => ({ field, from: before.get(field) ?? null, to: after.get(field) ?? null }))
}

const fieldsOf = (plan: Plan): Map<string, string> =>
  new Map(
    Object.entries(plan)
      .filter(([field, value]) => !unlike.has(field) && value !== null && value !== undefined)
      .map(([field, value]) => [field, shown(value as unknown)]),
  )

/** Of a command the command; its reason is for people. */
function shown(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'object' && value !== null && 'command' in value) return String(value.command)
  return JSON.stringify(value)
}
