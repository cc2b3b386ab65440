import type { Process } from '../../contract/process.ts'
import { plainText } from './commit.tsx'
import { State } from './state.tsx'
import { Moment } from './time.tsx'

/** What runs of the live release, as its host saw it last. */
export const Processes = ({ processes }: { processes: Process[] }) => (
  <div id="processes" data-live>
    {processes.length === 0 ? null : (
      <section class="card">
        <h2>Processes</h2>
        <ul class="plain rows">
          {processes.map((process) => (
            <ProcessRow process={process} />
          ))}
        </ul>
      </section>
    )}
  </div>
)

const states = {
  running: ['good', 'Running'],
  backingOff: ['bad', 'Ended, starts again'],
  stopped: ['off', 'Stopped'],
  gone: ['bad', 'Gone'],
  unknown: ['off', 'Not known yet'],
} as const

function ProcessRow({ process }: { process: Process }) {
  const { name, command, state, pid, port, restarts, lastExit, startedAt } = process
  const [tone, word] = states[state]
  return (
    <li data-entry>
      <State tone={tone} word={word} />
      <strong>{name}</strong>
      <code class="grow">{plainText(command)}</code>
      {restarts > 0 ? (
        <span class="badge">
          {restarts} {restarts === 1 ? 'restart' : 'restarts'}
        </span>
      ) : null}
      <span class="hint">
        {pid === null ? '' : `process ${pid}`}
        {port === null ? '' : `, port ${port}`}
        {startedAt ? (
          <>
            , since <Moment at={startedAt} />
          </>
        ) : null}
      </span>
      {lastExit ? (
        <span class="hint">
          ended <Moment at={lastExit.at} /> {whyText(lastExit)}
        </span>
      ) : null}
    </li>
  )
}

function whyText({ limit, signal, code }: NonNullable<Process['lastExit']>): string {
  if (limit) return `at its limit of ${limit}`
  return signal ? `by ${signal}` : `with status ${code ?? '?'}`
}
