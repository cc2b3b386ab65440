import type { Freeze } from '../../contract/freeze.ts'
import type { Environment } from '../../contract/service.ts'
import { Action } from './action.tsx'
import { Allowed } from './allowed.tsx'
import { plainText } from './commit.tsx'
import { Line } from './field.tsx'
import { Exact } from './time.tsx'

/** Times in which nothing is deployed. */
export const Freezes = ({ environment, path }: { environment: Environment; path: string }) => (
  <section class="card" id="freezes">
    <h2>Freezes</h2>
    {environment.freezes.length === 0 ? <p class="hint">Deployments may begin at any time.</p> : null}
    <ul class="plain rows">
      {environment.freezes.map((freeze) => (
        <li data-entry>
          <span class="grow">
            <When freeze={freeze} />
          </span>
          <span class="hint">{plainText(freeze.reason)}</span>
          <Action
            name="Remove"
            to={`${path}/freezes/remove`}
            needs="admin"
            fields={{ freeze: JSON.stringify(freeze) }}
            ask="Remove this freeze? Deployments may begin in that time then."
            confirm="Yes, remove it"
            kind="danger"
          />
        </li>
      ))}
    </ul>
    <Allowed needs="admin">
      <details>
        <summary>Add a freeze</summary>
        <form method="post" action={`${path}/freezes`} class="stack fields">
          <Line id="freeze-from" name="from" label="From (UTC)" type="datetime-local" />
          <Line id="freeze-to" name="to" label="To (UTC)" type="datetime-local" />
          <Line
            id="freeze-cron"
            name="cron"
            label="Or again and again, beginning at: minute hour day month weekday"
            placeholder="0 16 * * 5"
          />
          <Line
            id="freeze-hours"
            name="hours"
            label="for so many hours"
            type="number"
            min={1}
            placeholder="64"
          />
          <Line id="freeze-zone" name="timeZone" label="in the time zone of" placeholder="UTC" />
          <Line id="freeze-reason" name="reason" label="Why" required maxlength={500} />
          <div>
            <button>Add</button>
          </div>
        </form>
      </details>
    </Allowed>
  </section>
)

const hour = 3600

function When({ freeze }: { freeze: Freeze }) {
  if ('from' in freeze)
    return (
      <>
        <Exact at={new Date(freeze.from).toISOString()} /> to <Exact at={new Date(freeze.to).toISOString()} />
      </>
    )
  const { cron, seconds, timeZone } = freeze
  return (
    <>
      <code>{cron}</code> {timeZone}, for {Number((seconds / hour).toFixed(1))} h
    </>
  )
}
