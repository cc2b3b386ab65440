import type { Deployment } from '../../contract/deployment.ts'
import type { Service } from '../../contract/service.ts'
import { pathOf } from '../api.ts'
import type { Frame } from '../index.ts'
import type { EnvironmentState, Overview } from '../read/overview.ts'
import { Allowed } from './allowed.tsx'
import { Commit } from './commit.tsx'
import { Layout, render } from './layout.tsx'
import { sourceUrlOf } from '../source-url.ts'
import { StatusWord } from './status.tsx'
import { Duration, Moment } from './time.tsx'

export const overviewPage = ({ frame, services }: Overview & { frame: Frame }) => {
  const running = services.some(({ environments }) => environments.some((one) => one.running))
  return render(
    <Layout frame={frame} title="Services" icon={running ? 'running' : 'idle'}>
      <div class="heading">
        <h1>Services</h1>
        <Allowed needs="admin">
          {frame.caller?.serviceId === null ? (
            <a class="button primary" href="/new">
              New service
            </a>
          ) : null}
        </Allowed>
      </div>
      <div id="services" data-live data-poll="3000">
        {services.length === 0 ? <Empty /> : services.map((one) => <ServiceCard {...one} />)}
      </div>
    </Layout>,
  )
}

const ServiceCard = ({ service, environments }: { service: Service; environments: EnvironmentState[] }) => (
  <section class="card service" data-entry>
    <header>
      <h2>
        <a href={pathOf('services', service.serviceId)}>{service.serviceId}</a>
      </h2>
      <span class="hint">{service.repoFullName ?? sourceUrlOf(service) ?? 'git push'}</span>
    </header>
    {environments.length === 0 ? (
      <p class="hint">
        No environment yet: <code>sluice env set {service.serviceId} production NAME=value</code>
      </p>
    ) : (
      <ul class="environments">
        {environments.map((state) => (
          <EnvironmentRow state={state} service={service} />
        ))}
      </ul>
    )}
  </section>
)

/** An environment in one line: what is live, what runs, what waits. */
export function EnvironmentRow({ state, service }: { state: EnvironmentState; service: Service }) {
  const { environment, live, running, queued, last } = state
  const now = running ?? last
  return (
    <li class="environment">
      <div class="name">
        <a href={pathOf('services', service.serviceId, 'environments', environment.environment)}>
          {environment.environment}
        </a>
        <span class="hint">{environment.branch}</span>
      </div>
      <div class="live-commit">
        {environment.live ? (
          <>
            <StatusWord status="LIVE" />{' '}
            <Commit
              sha={environment.live.commitSha}
              message={live?.commitMessage}
              sourceUrl={sourceUrlOf(service)}
            />
            <span class="hint">
              {' '}
              since <Moment at={environment.live.since} />
            </span>
          </>
        ) : (
          <span class="hint">Nothing live yet</span>
        )}
      </div>
      <div class="now">
        {now ? <DeploymentLink deployment={now} /> : <span class="hint">Never deployed</span>}
        {queued.length > 0 ? <span class="badge">{queued.length} queued</span> : null}
      </div>
    </li>
  )
}

function DeploymentLink({ deployment }: { deployment: Deployment }) {
  const step = deployment.steps.find(({ status }) => status === 'RUNNING')
  return (
    <a class="deployment-link" href={pathOf('deployments', deployment.id)}>
      <StatusWord status={deployment.status} /> <span class="number">#{deployment.number}</span>
      {step ? <span class="hint"> {step.name}</span> : null}{' '}
      <Duration from={deployment.startedAt} to={deployment.finishedAt} />
    </a>
  )
}

const Empty = () => (
  <section class="card empty">
    <h2>Nothing is deployed yet</h2>
    <Allowed needs="admin">
      <p>
        <a href="/new">Add a service here</a>, or in a terminal:
      </p>
    </Allowed>
    <pre class="command">{`sluice service add shop https://github.com/you/shop.git
sluice env set shop production DATABASE_URL=postgres://…
sluice deploy shop`}</pre>
  </section>
)
