import type { CronEntry } from '../../contract/cron.ts'
import { pathOf } from '../api.ts'
import { plainText } from './commit.tsx'
import { RunStatus } from './run-status.tsx'
import { State } from './state.tsx'
import { Exact, Moment } from './time.tsx'

/** What the live release runs at certain times: the next ones, and what came of the last. */
export const Cron = ({ cron, path }: { cron: CronEntry[]; path: string }) => (
  <div id="cron" data-live>
    {cron.length === 0 ? null : (
      <section class="card">
        <h2>Cron</h2>
        <ul class="plain rows">
          {cron.map((entry) => (
            <CronRow entry={entry} path={path} />
          ))}
        </ul>
      </section>
    )}
  </div>
)

function CronRow({ entry, path }: { entry: CronEntry; path: string }) {
  const { name, schedule, timeZone, command, nextRuns, lastRun, note } = entry
  const [next] = nextRuns
  return (
    <li data-entry>
      <strong>{name}</strong>
      <code>{schedule}</code>
      <code class="grow">{plainText(command)}</code>
      {note ? (
        <span>
          <State tone="bad" word="Its times cannot be kept" /> <span class="hint">{plainText(note)}</span>
        </span>
      ) : null}
      <span class="hint">
        {next ? (
          <>
            next <Exact at={next} timeZone={timeZone} />
          </>
        ) : (
          'no more'
        )}
      </span>
      {lastRun ? (
        <span>
          <RunStatus run={lastRun} />{' '}
          <a href={`${path}/runs${pathOf(lastRun.id)}`}>
            <Moment at={lastRun.createdAt} />
          </a>
        </span>
      ) : (
        <span class="hint">It has not run yet</span>
      )}
      <a href={`${path}/runs?${new URLSearchParams({ cronName: name })}`}>All turns</a>
    </li>
  )
}
