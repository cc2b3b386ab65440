import type { Plan } from '../../contract/plan.ts'
import { pathOf } from '../api.ts'
import type { Frame } from '../index.ts'
import type { CheckView } from '../read/check.ts'
import { Action } from './action.tsx'
import { plainText } from './commit.tsx'
import { Findings } from './findings.tsx'
import { Layout, render } from './layout.tsx'

/** What a deploy would do and what it lacks; and the button for it. */
export const checkPage = ({
  frame,
  environment,
  findings,
  plan,
  planProblem,
}: CheckView & { frame: Frame }) => {
  const { serviceId } = environment
  const path = pathOf('services', serviceId, 'environments', environment.environment)
  const isReady = findings.length === 0 && plan !== undefined
  return render(
    <Layout frame={frame} title={`Check ${serviceId}`}>
      <nav class="crumbs" aria-label="Where">
        <a href={pathOf('services', serviceId)}>{serviceId}</a>
        <a href={path}>{environment.environment}</a>
      </nav>
      <div class="heading">
        <h1>Before the deploy</h1>
        <div class="actions">
          <a class="button" href={`${path}#variables`}>
            Variables
          </a>
          <a class="button" href={`${path}/check`}>
            Check again
          </a>
          {isReady ? <Action name="Deploy" to={`${path}/deploy`} kind="primary" /> : null}
        </div>
      </div>
      <section class="card">
        <h2>Preflight</h2>
        {findings.length === 0 ? (
          <p>Everything that a deploy of {environment.branch} needs is there.</p>
        ) : (
          <Findings findings={findings} />
        )}
      </section>
      <section class="card">
        <h2>Plan</h2>
        {plan ? <PlanList plan={plan} /> : null}
        {planProblem ? <p class="alert">{plainText(planProblem.detail)}</p> : null}
      </section>
    </Layout>,
  )
}

function PlanList({ plan }: { plan: Plan }) {
  const { install, build, migrate, reload, start } = plan
  const commands = Object.entries({ install, build, migrate, reload, start })
  return (
    <>
      <p>
        <strong>{plan.technology}</strong>: {plainText(plan.reasons.join('; '))}
      </p>
      <dl class="plan">
        {commands.map(([name, command]) => (
          <div>
            <dt>{name}</dt>
            <dd>
              {command ? (
                <>
                  <code>{command.command}</code>
                  <span class="hint">{plainText(command.reason)}</span>
                </>
              ) : (
                <span class="hint">nothing to do</span>
              )}
            </dd>
          </div>
        ))}
      </dl>
      {plan.warnings.map((warning) => (
        <p class="note">{plainText(warning)}</p>
      ))}
    </>
  )
}
