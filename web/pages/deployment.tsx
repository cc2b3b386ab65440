import { sourceUrlOf } from '../source-url.ts'
import { pathOf } from '../api.ts'
import { isFinal } from '../../contract/vocabulary.ts'
import type { Frame } from '../index.ts'
import type { DeploymentView } from '../read/deployment.ts'
import { Commit } from './commit.tsx'
import { DeploymentActions } from './deployment-actions.tsx'
import { Difference } from './difference.tsx'
import { FailureCard } from './failure.tsx'
import { Layout, render } from './layout.tsx'
import { LogPanel } from './log-panel.tsx'
import { iconOf, StatusWord } from './status.tsx'
import { Duration, Moment } from './time.tsx'
import { Timeline } from './timeline.tsx'

export function deploymentPage(view: DeploymentView & { frame: Frame }): string {
  const { frame, deployment } = view
  const { id, number, serviceId, environment, status } = deployment
  const ended = isFinal(status)
  const word = status.toLowerCase()
  return render(
    <Layout frame={frame} title={`${word} ${serviceId} #${number}`} icon={iconOf(status)}>
      <nav class="crumbs" aria-label="Where">
        <a href={pathOf('services', serviceId)}>{serviceId}</a>
        <a href={pathOf('services', serviceId, 'environments', environment)}>{environment}</a>
      </nav>
      <div
        class="heading"
        id="deployment"
        data-follow={`${pathOf('deployments', id)}/follow`}
        data-events={ended ? undefined : 'true'}
        data-ended={ended ? 'true' : undefined}
      >
        <h1>
          {serviceId} <span class="number">#{number}</span>
        </h1>
        <p id="status" data-live role="status" aria-live="polite">
          <StatusWord status={status} />
          {deployment.live ? (
            <>
              {' '}
              <StatusWord status="LIVE" />
            </>
          ) : null}
          {deployment.archivedAt ? <span class="badge">archived</span> : null}
        </p>
        <div id="actions" class="actions" data-live>
          <DeploymentActions {...view} />
        </div>
      </div>
      <section id="facts" data-live class="facts">
        <Facts {...view} />
      </section>
      <div id="failure" data-live>
        <FailureCard {...view} />
      </div>
      <div id="difference" data-live>
        <Difference {...view} />
      </div>
      <section class="columns">
        <div id="timeline" data-live class="card">
          <h2>Steps</h2>
          <Timeline deployment={deployment} />
        </div>
        <LogPanel
          name="Log"
          text={`${pathOf('deployments', id)}/log.txt`}
          steps={deployment.steps.map(({ name }) => name)}
        />
      </section>
    </Layout>,
  )
}

function Facts({ deployment, service }: DeploymentView) {
  const { commitSha, commitMessage, temporalUrl, serviceUrl } = deployment
  const sourceUrl = sourceUrlOf(service)
  return (
    <dl>
      <div>
        <dt>Commit</dt>
        <dd>
          {commitSha ? (
            <Commit sha={commitSha} message={commitMessage} sourceUrl={sourceUrl} />
          ) : (
            <code>{deployment.ref}</code>
          )}
        </dd>
      </div>
      <div>
        <dt>Trigger</dt>
        <dd>
          {deployment.trigger} of <code>{deployment.ref}</code>
          {deployment.retryOf ? <Related word="retry of" id={deployment.retryOf} /> : null}
          {deployment.rollbackOf ? <Related word="back to" id={deployment.rollbackOf} /> : null}
          {deployment.supersededBy ? <Related word="superseded by" id={deployment.supersededBy} /> : null}
        </dd>
      </div>
      <div>
        <dt>Time</dt>
        <dd>
          <Moment at={deployment.startedAt ?? deployment.queuedAt} />{' '}
          <Duration from={deployment.startedAt} to={deployment.finishedAt} />
          {deployment.queuePosition ? (
            <span class="badge">{deployment.queuePosition}. in the queue</span>
          ) : null}
        </dd>
      </div>
      <div>
        <dt>Links</dt>
        <dd class="links">
          {serviceUrl ? <a href={serviceUrl}>Site</a> : null}
          {temporalUrl ? <a href={temporalUrl}>Temporal</a> : null}
          <a href={`${pathOf('deployments', deployment.id)}/log.txt`}>Raw log</a>
        </dd>
      </div>
    </dl>
  )
}

const Related = ({ word, id }: { word: string; id: string }) => (
  <>
    , {word} <a href={pathOf('deployments', id)}>{id}</a>
  </>
)
