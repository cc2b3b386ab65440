import { endProcess, isGone } from './end-process.ts'
import { readLiveRecord, removeRecord } from './run-record.ts'
import type { Say } from './say.ts'

/** Milliseconds that the parts of an `up` that was killed have to notice it themselves. */
const noticeWithin = 1500

/** Ends what an earlier `up` of this home left: its children. What outlives it on purpose is taken over elsewhere. */
export async function endOrphans(home: string, say: Say): Promise<void> {
  await Promise.all(
    ['server', 'worker', 'agent'].map(async (part) => {
      const orphan = readLiveRecord(home, part)
      if (orphan && !(await isGone(orphan, noticeWithin))) {
        say(part, `was left by an earlier up (pid ${orphan.pid}), is ended`)
        await endProcess(orphan, { graceMs: 5000 })
      }
      removeRecord(home, part)
    }),
  )
}
