import type { Deployment, DeploymentEvent, LogLine } from '../../contract/deployment.ts'
import { harmlessText } from '../../contract/harmless-text.ts'
import type { Tell } from '../../ports/pushed-repositories.ts'
import { follow, type Feed } from '../follow.ts'
import { outcomeLines } from './outcome-lines.ts'
import type { PushDeps } from './index.ts'

type Row = ({ kind: 'event' } & DeploymentEvent) | ({ kind: 'log' } & LogLine)

/** Rows of each kind at a time. */
const page = 100

/** Shows the steps of a deployment and what they write, until it has ended or the pusher has left. */
export async function followDeployment(
  deps: PushDeps,
  { id }: Deployment,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const one of follow(feedOf(deps, id), 0, signal)) {
      if (one.kind === 'rows') for (const line of one.rows.rows.flatMap(linesOf)) await tell(line)
    }
    const ended = signal.aborted ? undefined : await deps.store.deployments.find(id)
    for (const line of ended ? outcomeLines(ended, deps.settings.url) : []) await tell(line)
  } catch (error) {
    deps.log.warn({ err: error, deploymentId: id }, 'a pusher is no longer told of a deployment')
    await tell(`What happens cannot be shown just now. The deployment goes on: sluice logs ${id} --follow`)
  }
}

interface Page {
  rows: Row[]
  last: number
}

/** Events and log lines in the order in which they happened; where it is it knows itself. */
function feedOf({ store }: PushDeps, id: string): Feed<Page> {
  let afterEvent = 0
  let afterLog = 0
  return {
    status: () => store.deployments.status(id),
    watch: (changed) => store.watch(id, changed),
    async read() {
      const [events, lines] = await Promise.all([
        store.deployments.events(id, afterEvent, page),
        store.logs.read(id, { afterSeq: afterLog, limit: page }),
      ])
      // Of a full page more lines follow, and may be older than some of these events.
      const until = lines.length < page ? undefined : lines.at(-1)!.at
      const shown = events.filter(({ at }) => until === undefined || at <= until)
      afterEvent = shown.at(-1)?.seq ?? afterEvent
      afterLog = lines.at(-1)?.seq ?? afterLog
      const rows: Row[] = [
        ...shown.map((event) => ({ kind: 'event' as const, ...event })),
        ...lines.map((line) => ({ kind: 'log' as const, ...line })),
      ]
      if (rows.length === 0) return undefined
      return { rows: rows.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)), last: 0 }
    },
  }
}

function linesOf(row: Row): string[] {
  if (row.kind === 'log') return [`       ${harmlessText(row.text)}`]
  const { type, step, status, detail } = row
  const more = detail ? `: ${harmlessText(detail)}` : ''
  if (type === 'queued') return ['       queued']
  if (type === 'cancelRequested') return [`       cancel requested${more}`]
  if (type === 'retry') return [`       ${step} is tried again${more}`]
  if (type !== 'step' || step === null) return []
  if (status === 'RUNNING') return [`-----> ${step}`]
  return [`       ${step} ${status.toLowerCase()}${more}`]
}
