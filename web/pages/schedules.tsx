import type { Schedule } from '../../contract/schedule.ts'
import { pathOf } from '../api.ts'
import type { Frame } from '../index.ts'
import type { SchedulesView } from '../read/schedules.ts'
import { Action } from './action.tsx'
import { Allowed } from './allowed.tsx'
import { plainText } from './commit.tsx'
import { Line } from './field.tsx'
import { Layout, render } from './layout.tsx'
import { NewScheduleForm } from './new-schedule.tsx'
import { State } from './state.tsx'
import { StatusWord } from './status.tsx'
import { Exact, Moment } from './time.tsx'

/** The schedules of an environment: their next runs, and what came of the last ones. */
export const schedulesPage = ({
  frame,
  environment,
  schedules,
  started,
}: SchedulesView & { frame: Frame }) => {
  const { serviceId, environment: name } = environment
  const path = pathOf('services', serviceId, 'environments', name)
  return render(
    <Layout frame={frame} title={`Schedules of ${serviceId} ${name}`}>
      <nav class="crumbs" aria-label="Where">
        <a href={pathOf('services', serviceId)}>{serviceId}</a>
        <a href={path}>{name}</a>
      </nav>
      <div class="heading">
        <h1>Schedules</h1>
      </div>
      <div id="schedules" data-live data-poll="3000">
        {schedules.length === 0 ? (
          <section class="card">
            <p class="hint">Nothing is deployed by the clock here.</p>
          </section>
        ) : null}
        {schedules.map((schedule) => (
          <ScheduleCard schedule={schedule} path={`${path}/schedules`} />
        ))}
      </div>
      <Allowed needs="deployer">
        <NewScheduleForm branch={environment.branch} path={`${path}/schedules`} />
      </Allowed>
      <section class="card" id="started" data-live>
        <h2>Started by schedules</h2>
        {started.length === 0 ? <p class="hint">Nothing yet.</p> : null}
        <ul class="plain rows">
          {started.map((deployment) => (
            <li data-entry>
              <a href={pathOf('deployments', deployment.id)}>#{deployment.number}</a>
              <StatusWord status={deployment.status} />
              <code class="grow">{plainText(deployment.ref)}</code>
              <span class="hint">
                <Moment at={deployment.queuedAt} />
              </span>
            </li>
          ))}
        </ul>
      </section>
    </Layout>,
  )
}

const ScheduleCard = ({ schedule, path }: { schedule: Schedule; path: string }) => (
  <section class="card schedule" id={`schedule-${schedule.name}`} data-entry>
    <div class="heading">
      <h2>{schedule.name}</h2>
      {schedule.paused ? <State tone="off" word="Paused" /> : <State tone="good" word="Active" />}
      <div class="actions">
        <Buttons schedule={schedule} path={path} />
      </div>
    </div>
    <p>
      {whatText(schedule.action)}{' '}
      {schedule.cron ? (
        <>
          at <code>{schedule.cron}</code> {schedule.timeZone}
        </>
      ) : (
        'once'
      )}
      {schedule.paused && schedule.pausedReason ? <>: {plainText(schedule.pausedReason)}</> : null}
    </p>
    <div class="halves">
      <div>
        <h3>Next</h3>
        {schedule.nextRuns.length === 0 ? <p class="hint">No more.</p> : null}
        <ol class="plain">
          {schedule.nextRuns.map((at) => (
            <li>
              <Exact at={at} timeZone={schedule.timeZone} />
            </li>
          ))}
        </ol>
      </div>
      <div>
        <h3>Last</h3>
        <LastRun run={schedule.lastRun} />
      </div>
    </div>
  </section>
)

function LastRun({ run }: { run: Schedule['lastRun'] }) {
  if (!run) return <p class="hint">It has not run yet.</p>
  return (
    <p>
      <Moment at={run.at} />:{' '}
      {run.deploymentId ? <a href={pathOf('deployments', run.deploymentId)}>{run.deploymentId}</a> : null}
      {run.note ? <span class="hint"> {plainText(run.note)}</span> : null}
    </p>
  )
}

function Buttons({ schedule: { name, paused }, path }: { schedule: Schedule; path: string }) {
  const fields = { name }
  return (
    <>
      <Action
        name="Run now"
        to={`${path}/trigger`}
        fields={fields}
        ask={`Run ${name} now, beside its times?`}
        confirm="Yes, run it"
      />
      {paused ? (
        <Action
          name="Resume"
          to={`${path}/resume`}
          fields={fields}
          ask={`Let ${name} run again at its times?`}
          confirm="Yes, resume it"
          kind="primary"
        />
      ) : (
        <Action
          name="Pause"
          to={`${path}/pause`}
          fields={fields}
          ask={`Let ${name} start nothing until it is resumed?`}
          confirm="Yes, pause it"
        >
          <Line id={`reason-${name}`} name="reason" label="Why" maxlength={500} />
        </Action>
      )}
      <Action
        name="Delete"
        to={`${path}/delete`}
        fields={fields}
        ask={`Delete ${name}? What it has started goes on.`}
        confirm="Yes, delete it"
        kind="danger"
      />
    </>
  )
}

function whatText(action: Schedule['action']): string {
  if (action.kind === 'rollback') return `Rolls back to ${action.releaseId ?? 'the release before'}`
  if (action.kind === 'redeploy') return 'Deploys the live commit anew'
  return `Deploys ${action.ref ?? 'the branch of the environment'}`
}
