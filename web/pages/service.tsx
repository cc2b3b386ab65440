import { sourceUrlOf } from '../source-url.ts'
import type { Deployment } from '../../contract/deployment.ts'
import { deploymentStatuses, triggers } from '../../contract/vocabulary.ts'
import { pathOf } from '../api.ts'
import type { Frame } from '../index.ts'
import type { ServiceView } from '../read/service.ts'
import { Charts } from './charts.tsx'
import { Commit, plainText } from './commit.tsx'
import { Layout, render } from './layout.tsx'
import { EnvironmentRow } from './overview.tsx'
import { Previews } from './previews.tsx'
import { StatusWord } from './status.tsx'
import { Duration, Moment } from './time.tsx'

export const servicePage = (view: ServiceView & { frame: Frame }) => {
  const { frame, service, environments, deployments, history } = view
  const running = environments.some((one) => one.running)
  return render(
    <Layout frame={frame} title={service.serviceId} icon={running ? 'running' : 'idle'}>
      <nav class="crumbs" aria-label="Where">
        <a href="/">Services</a>
      </nav>
      <div class="heading">
        <h1>{service.serviceId}</h1>
        <span class="hint">{sourceUrlOf(service) ?? service.pushUrl}</span>
        <div class="actions">
          <a class="button" href={`${pathOf('services', service.serviceId)}/settings`}>
            Settings
          </a>
        </div>
      </div>
      <section class="card">
        <h2>Environments</h2>
        <ul class="environments" id="environments" data-live data-poll="3000">
          {environments.map((state) => (
            <EnvironmentRow state={state} service={service} />
          ))}
        </ul>
        {environments.length === 0 ? <p class="hint">None yet.</p> : null}
      </section>
      <Previews
        previews={view.previews}
        rule={view.previewRule}
        path={pathOf('services', service.serviceId)}
      />
      <Charts history={history} />
      <section class="card">
        <h2>Deployments</h2>
        <Filters {...view} />
        <ul class="deployments" id="deployments" data-live>
          {deployments.map((one) => (
            <DeploymentRow deployment={one} sourceUrl={sourceUrlOf(service)} />
          ))}
        </ul>
        {deployments.length === 0 ? <p class="hint">None that fits.</p> : null}
        <More {...view} />
      </section>
    </Layout>,
  )
}

function Filters({ service, environments, filter }: ServiceView) {
  return (
    <form method="get" action={pathOf('services', service.serviceId)} class="filters">
      <Select
        name="environment"
        value={filter.environment}
        all="all environments"
        options={environments.map(({ environment }) => environment.environment)}
      />
      <Select name="status" value={filter.status} all="every status" options={deploymentStatuses} />
      <Select name="trigger" value={filter.trigger} all="every trigger" options={triggers} />
      <label class="check">
        <input
          type="checkbox"
          name="includeArchived"
          value="true"
          checked={filter.includeArchived === 'true'}
        />{' '}
        archived too
      </label>
      <button>Show</button>
    </form>
  )
}

interface SelectProps {
  name: string
  value: string
  all: string
  options: readonly string[]
}

const Select = ({ name, value, all, options }: SelectProps) => (
  <label>
    <span class="hidden">{name}</span>
    <select name={name}>
      <option value="">{all}</option>
      {options.map((option) => (
        <option value={option} selected={option === value}>
          {option.toLowerCase()}
        </option>
      ))}
    </select>
  </label>
)

const DeploymentRow = ({
  deployment,
  sourceUrl,
}: {
  deployment: Deployment
  sourceUrl: string | undefined
}) => (
  <li class="deployment-row" data-entry>
    <a href={pathOf('deployments', deployment.id)}>#{deployment.number}</a>
    <span>
      <StatusWord status={deployment.status} /> {deployment.live ? <StatusWord status="LIVE" /> : null}
    </span>
    <span class="message">
      {deployment.commitSha ? (
        <Commit sha={deployment.commitSha} message={deployment.commitMessage} sourceUrl={sourceUrl} />
      ) : (
        <code>{deployment.ref}</code>
      )}
      {deployment.failure ? <span class="hint"> {plainText(deployment.failure.code)}</span> : null}
    </span>
    <span class="hint">
      {deployment.environment}, {deployment.trigger}
      {deployment.archivedAt ? ', archived' : ''}
    </span>
    <span class="hint">
      <Moment at={deployment.queuedAt} /> <Duration from={deployment.startedAt} to={deployment.finishedAt} />
    </span>
  </li>
)

function More({ service, filter, nextCursor }: ServiceView) {
  if (!nextCursor) return null
  const kept = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ''))
  const query = new URLSearchParams({ ...kept, cursor: nextCursor })
  return (
    <a class="button" href={`${pathOf('services', service.serviceId)}?${query}`}>
      Older
    </a>
  )
}
