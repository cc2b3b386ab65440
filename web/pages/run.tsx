import type { Run } from '../../contract/run.ts'
import { pathOf } from '../api.ts'
import type { Frame } from '../index.ts'
import type { RunView } from '../read/run.ts'
import { Action } from './action.tsx'
import { plainText } from './commit.tsx'
import { Layout, render } from './layout.tsx'
import { LogPanel } from './log-panel.tsx'
import { RunStatus } from './run-status.tsx'
import { iconOf } from './status.tsx'
import { Duration, Moment } from './time.tsx'

/** One run, with what it prints. */
export const runPage = ({ frame, run, isOver }: RunView & { frame: Frame }) => {
  const { id, serviceId, environment, status } = run
  const place = pathOf('services', serviceId, 'environments', environment)
  const path = `${place}/runs${pathOf(id)}`
  return render(
    <Layout frame={frame} title={`${status.toLowerCase()} run in ${serviceId}`} icon={iconOf(status)}>
      <nav class="crumbs" aria-label="Where">
        <a href={pathOf('services', serviceId)}>{serviceId}</a>
        <a href={place}>{environment}</a>
        <a href={`${place}/runs`}>Runs</a>
      </nav>
      <div class="heading" data-follow={`${path}/follow`} data-ended={isOver ? 'true' : undefined}>
        <h1>Run</h1>
        <p id="status" data-live role="status" aria-live="polite">
          <RunStatus run={run} />
        </p>
        <div id="actions" class="actions" data-live>
          {isOver ? null : (
            <Action
              name="Cancel"
              to={`${path}/cancel`}
              ask="End this command with all its processes?"
              confirm="Yes, end it"
              kind="danger"
            />
          )}
        </div>
      </div>
      <section id="facts" data-live class="facts">
        <Facts run={run} />
      </section>
      <LogPanel name="Output" text={`${path}/output.txt`} />
    </Layout>,
  )
}

const Facts = ({ run }: { run: Run }) => (
  <dl>
    <div>
      <dt>Command</dt>
      <dd>
        <code>{plainText(run.command)}</code>
        {run.note ? <p class="hint">{plainText(run.note)}</p> : null}
      </dd>
    </div>
    <div>
      <dt>Asked for by</dt>
      <dd>{run.cronName === null ? plainText(run.requestedBy) : `cron ${plainText(run.cronName)}`}</dd>
    </div>
    <div>
      <dt>Time</dt>
      <dd>
        <Moment at={run.createdAt} /> <Duration from={run.startedAt} to={run.finishedAt} />
      </dd>
    </div>
    <div>
      <dt>In</dt>
      <dd>
        <a href={pathOf('deployments', run.deploymentId)}>{run.deploymentId}</a>
      </dd>
    </div>
  </dl>
)
