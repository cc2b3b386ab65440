import { parseReleaseNumber } from '../contract/names.ts'
import type { EnvironmentRow } from '../ports/store.ts'
import type { Wish } from './accept-deployment.ts'
import type { AppDeps } from './deps.ts'
import { notFound, Refusal } from './refusal.ts'

/**
 * Back to a past deployment: to its release while that is kept, else its commit is built again with its variables.
 * @throws Refusal 404, 409
 */
export async function pastDeployment(
  { store }: Pick<AppDeps, 'store'>,
  { serviceId, environment }: EnvironmentRow,
  id: string,
): Promise<Omit<Wish, 'service' | 'environment' | 'by'>> {
  const past = await store.deployments.find(id)
  if (past?.serviceId !== serviceId || past.environment !== environment) throw notFound('Deployment', id)
  if (past.live) throw new Refusal(409, 'ReleaseIsLive', `${id} is live already.`)
  const release = past.releaseId === null ? undefined : await store.releases.find(past.releaseId, id)
  if (past.status !== 'SUCCEEDED' || !release)
    throw new Refusal(409, 'NeverLive', `${id} never went live: ${past.status}. Choose one that succeeded.`)
  const common = { ref: past.ref, commitSha: release.commitSha, rollbackOf: id }
  if (!release.kept) return { ...common, trigger: 'rebuild' }
  return { ...common, trigger: 'rollback', releaseNumber: parseReleaseNumber(release.releaseId) }
}
