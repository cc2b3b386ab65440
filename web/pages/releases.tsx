import { sourceUrlOf } from '../source-url.ts'
import type { Release } from '../../contract/deployment.ts'
import { pathOf } from '../api.ts'
import type { EnvironmentView } from '../read/environment.ts'
import { Action } from './action.tsx'
import { Commit } from './commit.tsx'
import { StatusWord } from './status.tsx'
import { Moment } from './time.tsx'

/** Beside the live one, those that are shown with their environment. */
const shown = 5

/** What is live, and what traffic can go back to at once. */
export const Releases = ({ releases, service, path }: EnvironmentView & { path: string }) => (
  <section class="card" id="releases">
    <h2>Releases</h2>
    {releases.length === 0 ? <p class="hint">None yet.</p> : <a href={`${path}/releases`}>All releases</a>}
    <ul class="plain rows">
      {atHand(releases).map((release) => (
        <li data-entry>
          <a class="grow" href={pathOf('deployments', release.deploymentId)}>
            {release.releaseId}
          </a>
          <Commit sha={release.commitSha} sourceUrl={sourceUrlOf(service)} />
          <span class="hint">
            <Moment at={release.createdAt} />
          </span>
          <RollBack release={release} path={path} />
        </li>
      ))}
    </ul>
  </section>
)

const atHand = (releases: Release[]) => [
  ...releases.filter(({ live }) => live),
  ...releases.filter(({ live, kept }) => !live && kept).slice(0, shown),
]

export function RollBack({ release, path }: { release: Release; path: string }) {
  if (release.live) return <StatusWord status="LIVE" />
  return (
    <Action
      name="Roll back"
      to={`${path}/rollback`}
      fields={{ releaseId: release.releaseId }}
      ask={`Send traffic to ${release.releaseId} again? Nothing is built; it takes moments.`}
      confirm="Yes, roll back"
      kind="danger"
    />
  )
}
