import type { Run } from '../../contract/run.ts'
import { pathOf } from '../api.ts'
import type { Frame } from '../index.ts'
import type { RunsView } from '../read/runs.ts'
import { OnceKey } from './action.tsx'
import { Allowed } from './allowed.tsx'
import { plainText } from './commit.tsx'
import { Cron } from './cron.tsx'
import { Line } from './field.tsx'
import { Layout, render } from './layout.tsx'
import { RunStatus } from './run-status.tsx'
import { Duration, Moment } from './time.tsx'

/** Commands in the live release: asked for, or at their times. */
export const runsPage = ({ frame, environment, runs, cron, cronName }: RunsView & { frame: Frame }) => {
  const { serviceId, environment: name, live } = environment
  const path = pathOf('services', serviceId, 'environments', name)
  return render(
    <Layout frame={frame} title={`Runs of ${serviceId} ${name}`}>
      <nav class="crumbs" aria-label="Where">
        <a href={pathOf('services', serviceId)}>{serviceId}</a>
        <a href={path}>{name}</a>
      </nav>
      <div class="heading">
        <h1>Runs</h1>
      </div>
      <Allowed needs="deployer">{live ? <NewRun path={path} number={live.number} /> : null}</Allowed>
      {live ? null : (
        <section class="card">
          <p class="hint">Nothing is live here, so there is no release to run a command in.</p>
        </section>
      )}
      <Cron cron={cron} path={path} />
      <section class="card">
        <h2>{cronName === '' ? 'What was run' : `Turns of ${cronName}`}</h2>
        {cronName === '' ? null : <a href={`${path}/runs`}>All runs</a>}
        <ul class="plain rows" id="runs" data-live data-poll="3000">
          {runs.map((run) => (
            <RunRow run={run} path={path} />
          ))}
        </ul>
        {runs.length === 0 ? <p class="hint">Nothing yet.</p> : null}
      </section>
    </Layout>,
  )
}

const NewRun = ({ path, number }: { path: string; number: number }) => (
  <section class="card">
    <h2>Run a command</h2>
    <form method="post" action={`${path}/runs`} class="stack fields">
      <OnceKey />
      <Line id="command" label="Command" required maxlength={8192} placeholder="npm run reindex" />
      <p class="hint">
        Once, in the live release of #{number}, with its variables. It goes on when that is replaced
        meanwhile.
      </p>
      <div>
        <button class="primary">Run</button>
      </div>
    </form>
  </section>
)

const RunRow = ({ run, path }: { run: Run; path: string }) => (
  <li data-entry>
    <RunStatus run={run} />
    <a class="grow" href={`${path}/runs${pathOf(run.id)}`}>
      <code>{plainText(run.command)}</code>
    </a>
    <span class="hint">
      {run.cronName === null ? `by ${plainText(run.requestedBy)}` : `cron ${plainText(run.cronName)}`}
    </span>
    <span class="hint">
      <Moment at={run.createdAt} /> <Duration from={run.startedAt} to={run.finishedAt} />
    </span>
  </li>
)
