import { isFinal, type DeploymentStatus } from '../contract/vocabulary.ts'

/** Milliseconds. A lost notification costs at most this. */
const pollEvery = 2_000
const heartbeatEvery = 10_000

/** Rows of one deployment that are only ever added to. */
export interface Feed<Rows extends { last: number }> {
  /** Asked before the rows are read: whoever ends a deployment has written everything before. Null: it was deleted. */
  status(): Promise<DeploymentStatus | null>
  /** What comes next; undefined when there is nothing (yet). */
  read(after: number): Promise<Rows | undefined>
  /** Calls back when there may be more. Returns the unsubscribe. */
  watch(changed: () => void): () => void
}

/** `end` carries the final status; null when the deployment was deleted meanwhile. */
export type Followed<Rows> =
  | { kind: 'rows'; rows: Rows }
  | { kind: 'heartbeat' }
  | { kind: 'end'; status: DeploymentStatus | null }

/**
 * Rows of a deployment from `after` on, as they come, until it has ended and everything was given.
 * Reads only when it is asked for more, so a slow reader slows nothing but itself. Ends without `end` on abort.
 */
export async function* follow<Rows extends { last: number }>(
  feed: Feed<Rows>,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<Followed<Rows>, void> {
  const bell = createBell(signal)
  const unsubscribe = feed.watch(bell.ring)
  let beatAt = Date.now() + heartbeatEvery
  try {
    while (!signal.aborted) {
      bell.reset()
      const status = await feed.status()
      const rows = await feed.read(after)
      if (signal.aborted) return
      if (rows) {
        after = rows.last
        beatAt = Date.now() + heartbeatEvery
        yield { kind: 'rows', rows }
        continue
      }
      if (status === null || isFinal(status)) {
        yield { kind: 'end', status }
        return
      }
      if (Date.now() >= beatAt) {
        beatAt = Date.now() + heartbeatEvery
        yield { kind: 'heartbeat' }
      }
      await bell.wait(Math.min(pollEvery, beatAt - Date.now()))
    }
  } finally {
    unsubscribe()
  }
}

/** Remembers that it rang until it is reset, so that nothing is missed between reading and waiting. */
function createBell(signal: AbortSignal) {
  let rang = false
  let wake = () => {}
  const ring = () => {
    rang = true
    wake()
  }
  return {
    ring,
    reset: () => {
      rang = false
    },
    wait: (limitMs: number) =>
      new Promise<void>((resolve) => {
        if (rang || signal.aborted) return resolve()
        const timer = setTimeout(done, Math.max(0, limitMs))
        signal.addEventListener('abort', done, { once: true })
        wake = done
        function done() {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          resolve()
        }
      }),
  }
}
