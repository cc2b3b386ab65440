import type { Release } from '../contract/deployment.ts'
import { parseReleaseNumber } from '../contract/names.ts'
import type { EnvironmentRow } from '../ports/store.ts'
import type { AppDeps } from './deps.ts'
import { Refusal } from './refusal.ts'

/**
 * The release that a rollback goes to: the one named, or the newest kept one older than the live one.
 * @throws Refusal when there is none, or when it cannot be gone back to
 */
export async function rollbackTarget(
  deps: Pick<AppDeps, 'store'>,
  environment: EnvironmentRow,
  releaseId: string | undefined,
): Promise<Release> {
  const releases = await deps.store.releases.list(environment.serviceId, environment.environment)
  return releaseId === undefined ? newestBefore(deps, environment, releases) : named(releases, releaseId)
}

function named(releases: Release[], releaseId: string): Release {
  const release = releases.find((one) => one.releaseId === releaseId)
  if (!release) {
    throw new Refusal(
      422,
      'ReleaseUnknown',
      `This environment has no release ${releaseId}. \`GET …/releases\` lists them.`,
    )
  }
  if (release.live) throw new Refusal(409, 'ReleaseIsLive', `${releaseId} is live already.`)
  if (!release.kept) {
    const commit = release.commitSha ?? 'its commit'
    throw new Refusal(
      422,
      'ReleaseGone',
      `${releaseId} is no longer on the disk. Deploy ${commit} again instead.`,
    )
  }
  return release
}

async function newestBefore(
  { store }: Pick<AppDeps, 'store'>,
  { live }: EnvironmentRow,
  releases: Release[],
): Promise<Release> {
  const limit = live ? numberOf(live.releaseId) : Infinity
  const older = releases
    .filter((one) => one.kept && !one.live && numberOf(one.releaseId) < limit)
    .toSorted((a, b) => numberOf(b.releaseId) - numberOf(a.releaseId))
  for (const release of older) {
    // One whose deployment failed was never good enough to serve.
    const built = await store.deployments.find(release.deploymentId)
    if (built?.status === 'SUCCEEDED') return release
  }
  throw new Refusal(
    409,
    'NoEarlierRelease',
    'No earlier release is kept that traffic could go back to. Deploy an earlier commit instead.',
  )
}

const numberOf = (releaseId: string) => parseReleaseNumber(releaseId) ?? 0
