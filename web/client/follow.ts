import type { DeploymentEvent } from '../../contract/deployment.ts'
import type { ShownLine } from './log-lines.ts'
import { startLogView } from './log-panel.ts'
import { refresh } from './refresh.ts'
import { RowStream } from './stream.ts'

/** Milliseconds between two looks at something in a tab that nobody looks at, and at what tells of nothing but its log. */
const lookEvery = { hidden: 5_000, shown: 2_000 }

interface Followed {
  /** Address of the streams. */
  url: string
  hasEnded: boolean
  /** It tells of changes itself; otherwise they are looked for. */
  hasEvents: boolean
}

/** Keeps the page of a deployment, or of a run, up to date until it has ended. */
export function followPage({ url, hasEnded, hasEvents }: Followed): void {
  const view = startLogView()
  const ended = () => {
    hasEnded = true
    void refresh()
  }
  const stream = new RowStream(url).on<ShownLine>('logs', {
    rows: (rows) => view.rows(rows),
    end() {
      view.end()
      if (!hasEnded && !hasEvents) ended()
    },
  })
  let soon: number | undefined
  if (hasEvents)
    stream.on<DeploymentEvent>('events', {
      rows: () => {
        soon ??= window.setTimeout(() => {
          soon = undefined
          void refresh()
        }, 100)
      },
      end: ended,
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
  }, lookEvery.hidden)
  setInterval(() => {
    if (!document.hidden && !hasEnded && !hasEvents) void refresh()
  }, lookEvery.shown)
}

/** As the page itself says it. */
const isEnded = (): boolean =>
  document.querySelector<HTMLLinkElement>('link[rel=icon]')?.getAttribute('href')?.endsWith('/running') ===
  false
