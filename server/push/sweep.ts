import { setTimeout as sleep } from 'node:timers/promises'
import type { PushRow } from '../../ports/store.ts'
import type { PushDeps } from './index.ts'
import { drop, takeUp } from './start.ts'

/** Milliseconds. Pushes wait that long at most once Temporal or the database is back. */
const every = 10_000

/** Takes up accepted pushes that have no deployment yet, at once and again and again until the server stops. */
export async function sweepPushes(deps: PushDeps): Promise<void> {
  while (!deps.stopping.aborted) {
    await sweepOnce(deps)
    await sleep(every, undefined, { signal: deps.stopping, ref: false }).catch(() => {})
  }
}

export async function sweepOnce(deps: PushDeps): Promise<void> {
  const pending = await deps.store.pushes.pending().catch((error: unknown) => {
    deps.log.debug({ err: error }, 'pushes could not be looked up')
    return []
  })
  // Of several that mean the same commit, one was accepted and the others came too late.
  const newest = new Map<string, PushRow>()
  for (const push of pending.toReversed()) newest.set(keyOf(push), push)
  for (const push of pending) {
    if (newest.get(keyOf(push)) === push) await takeUp(deps, push, 'unsure')
    else await drop(deps, push)
  }
}

const keyOf = ({ serviceId, environment, branch, commitSha }: PushRow) =>
  JSON.stringify([serviceId, environment, branch, commitSha])
