import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { homePaths } from '../contract/settings.ts'
import { isAlive, ownIdentity } from './identity.ts'
import { parseRecord, readLiveRecord, removeRecord, type RunRecord } from './run-record.ts'
import { StackError } from './stack-error.ts'

/**
 * Makes this process the only `up` of the home. Answers how to give that back.
 * @throws StackError when another one runs.
 */
export function takeUpLock(home: string): () => void {
  const record: RunRecord = { part: 'up', ...ownIdentity() }
  const lock = path.join(homePaths(home).run, 'up.json')
  const mine = `${lock}.${process.pid}.tmp`
  writeFileSync(mine, `${JSON.stringify(record)}\n`)
  try {
    // A link fails when the name is taken, and shows the file only once it is complete.
    for (let attempt = 0; attempt < 10; attempt++) {
      if (linked(mine, lock)) return () => removeRecord(home, 'up', record)
      const holder = readLiveRecord(home, 'up')
      if (holder) throw alreadyRuns(home, holder)
      moveStaleAside(home, lock)
    }
    throw new StackError(`Could not take ${lock}`, 'Remove this file if no `sluice up` runs for the home.')
  } finally {
    rmSync(mine, { force: true })
  }
}

const alreadyRuns = (home: string, holder: RunRecord) =>
  new StackError(
    `Sluice runs already for ${home} (pid ${holder.pid}).`,
    'Use it, end it with `sluice down`, or start a second one with another SLUICE_HOME and other ports.',
  )

/** Renames before it removes: of two that find the same stale file, only one moves it. */
function moveStaleAside(home: string, lock: string): void {
  const aside = `${lock}.${process.pid}.stale`
  try {
    renameSync(lock, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  // Another `up` may have taken the lock between the look and the rename: then it gets it back.
  const moved = parseRecord(aside)
  if (moved && isAlive(moved)) linked(aside, lock)
  rmSync(aside, { force: true })
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
