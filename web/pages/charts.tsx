import type { Deployment } from '../../contract/deployment.ts'
import { stepNames } from '../../contract/vocabulary.ts'
import { durationText } from './time.tsx'

const height = 120
const bar = 12
const gap = 4

/** How long deployments took by step, how often they succeed, how long they waited. */
export function Charts({ history }: { history: Deployment[] }) {
  const ended = history.filter((one) => one.startedAt && one.finishedAt).toReversed()
  if (ended.length < 2) return null
  const succeeded = ended.filter(({ status }) => status === 'SUCCEEDED').length
  const waits = ended.map(waitOf).toSorted((a, b) => a - b)
  const longest = Math.max(...ended.map(totalOf), 1)
  return (
    <section class="card">
      <h2>The last {ended.length} deployments</h2>
      <dl class="figures">
        <div>
          <dt>Succeeded</dt>
          <dd>{Math.round((100 * succeeded) / ended.length)} %</dd>
        </div>
        <div>
          <dt>Longest</dt>
          <dd>{durationText(longest)}</dd>
        </div>
        <div>
          <dt>Waited, median</dt>
          <dd>{durationText(waits[Math.floor(waits.length / 2)] ?? 0)}</dd>
        </div>
      </dl>
      <svg
        class="chart"
        role="img"
        aria-label={`Duration of each by step; the longest took ${durationText(longest)}`}
        viewBox={`0 0 ${50 * (bar + gap)} ${height}`}
        preserveAspectRatio="xMinYMax meet"
      >
        {ended.map((deployment, at) => (
          <Bar deployment={deployment} x={at * (bar + gap)} longest={longest} />
        ))}
      </svg>
      <ul class="legend">
        {stepNames.map((name, at) => (
          <li>
            <svg width="10" height="10" aria-hidden="true">
              <rect class={`part${at}`} width="10" height="10" rx="2" />
            </svg>{' '}
            {name}
          </li>
        ))}
      </ul>
      <Waits waits={ended.map(waitOf)} />
    </section>
  )
}

function Bar({ deployment, x, longest }: { deployment: Deployment; x: number; longest: number }) {
  let y = height
  return (
    <g>
      <title>{`#${deployment.number}: ${deployment.status.toLowerCase()} in ${durationText(totalOf(deployment))}`}</title>
      {deployment.steps.map((step) => {
        const size = (stepMs(step) / longest) * (height - 4)
        y -= size
        return size > 0.2 ? (
          <rect class={`part${stepNames.indexOf(step.name)}`} x={x} y={y} width={bar} height={size} />
        ) : null
      })}
      <rect class={`end ${deployment.status.toLowerCase()}`} x={x} y={height - 2} width={bar} height={2} />
    </g>
  )
}

const waitHeight = 40

/** How long each waited in the queue, below its bar. */
function Waits({ waits }: { waits: number[] }) {
  const longest = Math.max(...waits)
  // Less is what the queue itself takes.
  const least = 1000
  return (
    <>
      <h3>Waited in the queue</h3>
      <svg
        class="chart low"
        role="img"
        aria-label={`Time in the queue of each; the longest waited ${durationText(longest)}`}
        viewBox={`0 0 ${50 * (bar + gap)} ${waitHeight}`}
        preserveAspectRatio="xMinYMax meet"
      >
        {waits.map((wait, at) => {
          const size = Math.max(1, (wait / Math.max(longest, least)) * waitHeight)
          return (
            <g>
              <title>{durationText(wait)}</title>
              <rect class="part0" x={at * (bar + gap)} y={waitHeight - size} width={bar} height={size} />
            </g>
          )
        })}
      </svg>
    </>
  )
}

const waitOf = ({ startedAt, queuedAt }: Deployment): number =>
  startedAt ? Math.max(0, Date.parse(startedAt) - Date.parse(queuedAt)) : 0

const stepMs = ({ startedAt, finishedAt }: Deployment['steps'][number]): number =>
  startedAt && finishedAt ? Date.parse(finishedAt) - Date.parse(startedAt) : 0

const totalOf = ({ steps }: Deployment): number => steps.reduce((sum, step) => sum + stepMs(step), 0)
