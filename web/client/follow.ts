import type { DeploymentEvent, LogLine } from '../../contract/deployment.ts'
import { startLogView } from './log-panel.ts'
import { refresh } from './refresh.ts'
import { RowStream } from './stream.ts'

/** Keeps the page of a deployment up to date until it has ended. */
export function followDeployment(id: string, ended: boolean): void {
  const path = `/deployments/${encodeURIComponent(id)}`
  const view = startLogView()
  const logs = new RowStream<LogLine>(`${path}/logs`, {
    row: (line) => view.add(line),
    end: () => view.end(),
  })
  logs.open()
  if (ended) return
  let soon: number | undefined
  const events = new RowStream<DeploymentEvent>(`${path}/events`, {
    row: () => {
      soon ??= window.setTimeout(() => {
        soon = undefined
        void refresh()
      }, 100)
    },
    end: () => void refresh(),
  })
  events.open()
  // A browser has six connections to a server, for all of its tabs: the tab's icon needs the events only.
  document.addEventListener('visibilitychange', () => (document.hidden ? logs.close() : logs.open()))
}
