import { pathOf } from '../api.ts'
import type { Frame } from '../index.ts'
import type { EnvironmentView } from '../read/environment.ts'
import { Action } from './action.tsx'
import { Allowed } from './allowed.tsx'
import { Approval } from './approval.tsx'
import { BadgeCard } from './badge.tsx'
import { Cron } from './cron.tsx'
import { DeployRules } from './deploy-rules.tsx'
import { Freezes } from './freezes.tsx'
import { Held, HoldButton } from './hold.tsx'
import { Layout, render } from './layout.tsx'
import { EnvironmentRow } from './overview.tsx'
import { PendingChanges } from './pending-changes.tsx'
import { Processes } from './processes.tsx'
import { Releases } from './releases.tsx'
import { Variables } from './variables.tsx'

export const environmentPage = (view: EnvironmentView & { frame: Frame }) => {
  const { frame, service, state } = view
  const { environment } = state
  const path = environmentPath(view)
  return render(
    <Layout
      frame={frame}
      title={`${service.serviceId} ${environment.environment}`}
      icon={state.running ? 'running' : 'idle'}
    >
      <nav class="crumbs" aria-label="Where">
        <a href="/">Services</a>
        <a href={pathOf('services', service.serviceId)}>{service.serviceId}</a>
      </nav>
      <div class="heading">
        <h1>{environment.environment}</h1>
        <a href={environment.serviceUrl}>{environment.serviceUrl}</a>
        <div class="actions">
          <a class="button" href={`${path}/schedules`}>
            Schedules
          </a>
          <a class="button" href={`${path}/runs`}>
            Runs
          </a>
          <a class="button" href={`${path}/check`}>
            Check
          </a>
          <HoldButton environment={environment} path={path} />
          <Action
            name="Deploy"
            to={`${path}/deploy`}
            ask={`Deploy ${environment.branch}, or another branch, tag or commit:`}
            confirm="Deploy"
            kind="primary"
          >
            <label class="hidden" for="ref">
              Branch, tag or commit
            </label>
            <input id="ref" name="ref" placeholder={environment.branch} />
          </Action>
        </div>
      </div>
      <section class="card">
        <ul class="environments" id="state" data-live data-poll="3000">
          <EnvironmentRow state={state} service={service} />
        </ul>
      </section>
      <div id="asked" data-live>
        <Approval deployment={state.running} />
      </div>
      <Held environment={environment} path={path} />
      <PendingChanges environment={environment} path={path} />
      <Processes processes={view.processes} />
      <Cron cron={view.cron} path={path} />
      <Variables variables={view.variables} path={path} liveSince={environment.live?.since} />
      <Allowed needs="admin">
        <Settings {...view} />
        <DeployRules environment={environment} path={path} />
      </Allowed>
      <Freezes environment={environment} path={path} />
      <Releases {...view} path={path} />
      <BadgeCard badge={view.badge} />
    </Layout>,
  )
}

export const environmentPath = ({ service, state }: Pick<EnvironmentView, 'service' | 'state'>): string =>
  pathOf('services', service.serviceId, 'environments', state.environment.environment)

function Settings(view: EnvironmentView) {
  const { environment } = view.state
  return (
    <section class="card" id="settings">
      <h2>Branch and domains</h2>
      <form method="post" action={`${environmentPath(view)}/settings`} class="stack">
        <label for="branch">Branch</label>
        <input id="branch" name="branch" value={environment.branch} required />
        <label for="domains">Domains, one a line</label>
        <textarea id="domains" name="domains" rows={3} spellcheck={false}>
          {environment.domains.join('\n')}
        </textarea>
        <p class="hint">
          Host <code>{environment.host}</code>
        </p>
        <div>
          <button>Save</button>
        </div>
      </form>
    </section>
  )
}
