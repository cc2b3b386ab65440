import type { DeploymentEvent, LogLine } from '../../contract/deployment.ts'
import { startLogView } from './log-panel.ts'
import { refresh } from './refresh.ts'
import { RowStream } from './stream.ts'

/** Milliseconds between two looks at a deployment in a tab that nobody looks at. */
const lookEvery = 5_000

/** Keeps the page of a deployment up to date until it has ended. */
export function followDeployment(id: string, ended: boolean): void {
  const view = startLogView()
  const stream = new RowStream(`/deployments/${encodeURIComponent(id)}/follow`).on<LogLine>('logs', view)
  let hasEnded = ended
  let soon: number | undefined
  if (!ended)
    stream.on<DeploymentEvent>('events', {
      rows: () => {
        soon ??= window.setTimeout(() => {
          soon = undefined
          void refresh()
        }, 100)
      },
      end: () => {
        hasEnded = true
        void refresh()
      },
    })
  stream.open()
  // A browser has six connections to a server, for all of its tabs: one that nobody looks at keeps none.
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return stream.close()
    stream.open()
    if (!hasEnded) void refresh()
  })
  // Its title and its icon go on to say how it is.
  setInterval(() => {
    if (document.hidden && !hasEnded) void refresh().then(() => (hasEnded = isEnded()))
  }, lookEvery)
}

/** As the page itself says it. */
const isEnded = (): boolean =>
  document.querySelector<HTMLLinkElement>('link[rel=icon]')?.getAttribute('href')?.endsWith('/running') ===
  false
