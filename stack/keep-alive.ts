import { setTimeout as sleep } from 'node:timers/promises'
import { BackOff } from './back-off.ts'
import type { Say } from './say.ts'

/** Milliseconds between two looks at a process that is not our child. A dead router must be back within a second. */
const lookEvery = 200

/** A program that outlives `up`, and so cannot be watched as a child is. */
export interface Outliving {
  part: string
  runs(): boolean
  /** Starts it and resolves when it answers. @throws Error */
  start(): Promise<unknown>
}

/** Starts it again, with back-off, whenever it is found to be gone. Answers how to let go of it. */
export function keepAlive({ part, runs, start }: Outliving, say: Say): () => Promise<void> {
  const lettingGo = new AbortController()
  const { signal } = lettingGo
  const watching = watch()
  return async () => {
    lettingGo.abort()
    await watching
  }

  async function watch(): Promise<void> {
    const backOff = new BackOff()
    let startedAt = Date.now()
    for (;;) {
      await pause(lookEvery, signal)
      if (signal.aborted) return
      if (runs()) continue
      const delay = backOff.next(Date.now() - startedAt)
      say(part, `ended, starts again in ${delay / 1000} s`, { level: 'warn' })
      await pause(delay, signal)
      if (signal.aborted) return
      startedAt = Date.now()
      await start().catch((error: unknown) => say(part, (error as Error).message, { level: 'error' }))
    }
  }
}

/** Resolves early, without an error, when the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {})
}
