import type { Deployment, Release } from '../../contract/deployment.ts'
import { isFinal } from '../../contract/vocabulary.ts'
import { pathOf } from '../api.ts'
import type { Frame } from '../index.ts'
import type { ReleasesView } from '../read/releases.ts'
import { sourceUrlOf } from '../source-url.ts'
import { Action } from './action.tsx'
import { Commit } from './commit.tsx'
import { Layout, render } from './layout.tsx'
import { RollBack } from './releases.tsx'
import { State } from './state.tsx'
import { StatusWord } from './status.tsx'
import { Moment } from './time.tsx'

/** Everything that was built: what traffic can go back to, and of the rest why it cannot. */
export const releasesPage = ({
  frame,
  service,
  environment,
  releases,
  more,
}: ReleasesView & { frame: Frame }) => {
  const path = pathOf('services', service.serviceId, 'environments', environment.environment)
  return render(
    <Layout frame={frame} title={`Releases of ${service.serviceId} ${environment.environment}`}>
      <nav class="crumbs" aria-label="Where">
        <a href={pathOf('services', service.serviceId)}>{service.serviceId}</a>
        <a href={path}>{environment.environment}</a>
      </nav>
      <div class="heading">
        <h1>Releases</h1>
      </div>
      <section class="card">
        {releases.length === 0 ? <p class="hint">Nothing was built yet.</p> : null}
        <ul class="plain rows" id="releases" data-live data-poll="5000">
          {releases.map(({ release, built }) => (
            <li data-entry>
              <a href={pathOf('deployments', release.deploymentId)}>{release.releaseId}</a>
              <span class="grow">
                <Commit
                  sha={release.commitSha}
                  message={built?.commitMessage}
                  sourceUrl={sourceUrlOf(service)}
                />
              </span>
              <span class="hint">
                <Moment at={release.createdAt} />
              </span>
              <Standing release={release} built={built} path={path} />
            </li>
          ))}
        </ul>
        {more > 0 ? (
          <p class="hint">
            And {more} older ones: see the <a href={pathOf('services', service.serviceId)}>deployments</a>.
          </p>
        ) : null}
      </section>
    </Layout>,
  )
}

interface StandingProps {
  release: Release
  built: Deployment | undefined
  path: string
}

/** Whether traffic can go to it, and why not. */
function Standing({ release, built, path }: StandingProps) {
  if (release.live) return <StatusWord status="LIVE" />
  if (release.kept && (!built || built.status === 'SUCCEEDED'))
    return (
      <>
        <State tone="good" word="On the disk" />
        <RollBack release={release} path={path} />
      </>
    )
  if (built && built.status !== 'SUCCEEDED')
    return (
      <span class="hint">
        <StatusWord status={built.status} />{' '}
        {isFinal(built.status) ? 'It never served: its deployment did not succeed.' : 'It is being made.'}
      </span>
    )
  return (
    <>
      <State tone="off" word="No longer on the disk" />
      {built ? (
        <Action
          name="Build again"
          to={`${path}/rollback`}
          fields={{ deploymentId: release.deploymentId }}
          ask={`Build the commit of ${release.releaseId} again, with the variables that it had, and make it live?`}
          confirm="Yes, build it again"
        />
      ) : (
        <span class="hint">Deploy its commit again.</span>
      )}
    </>
  )
}
