import { isFinal, type DeploymentStatus } from '../contract/vocabulary.ts'
import type { AppDeps } from './deps.ts'

/** Rows at a time; a log line may have 16 KiB. */
const batch = 100
/** Milliseconds. A lost notification costs at most this. */
const pollEvery = 2_000
const heartbeatEvery = 10_000

/** `end` carries the final status; null when the deployment was deleted meanwhile. */
export type Followed<T> =
  | { kind: 'rows'; rows: T[] }
  | { kind: 'heartbeat' }
  | { kind: 'end'; status: DeploymentStatus | null }

/**
 * Rows of a deployment from `after` on, as they come, until it has ended and everything was given.
 * Reads only when it is asked for more, so a slow reader slows nothing but itself. Ends without `end` on abort.
 */
export async function* follow<T extends { seq: number }>(
  { store }: Pick<AppDeps, 'store'>,
  deploymentId: string,
  read: (afterSeq: number, limit: number) => Promise<T[]>,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<Followed<T>, void> {
  const bell = createBell(signal)
  const unsubscribe = store.watch(deploymentId, bell.ring)
  let beatAt = Date.now() + heartbeatEvery
  try {
    while (!signal.aborted) {
      bell.reset()
      // Asked before the rows are read: whoever ends a deployment has written everything before.
      const status = (await store.deployments.find(deploymentId))?.status ?? null
      const rows = await read(after, batch)
      if (signal.aborted) return
      const last = rows.at(-1)
      if (last) {
        after = last.seq
        beatAt = Date.now() + heartbeatEvery
        yield { kind: 'rows', rows }
      } else if (status === null || isFinal(status)) {
        yield { kind: 'end', status }
        return
      } else if (Date.now() >= beatAt) {
        beatAt = Date.now() + heartbeatEvery
        yield { kind: 'heartbeat' }
      }
      if (rows.length < batch && !(status && isFinal(status)))
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
