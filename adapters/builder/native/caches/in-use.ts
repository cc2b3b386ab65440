import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** Milliseconds after which a mark counts no more: its agent was killed, and no command may take that long. */
const longest = 2 * 60 * 60_000
const mark = /^\.in-use-/

/**
 * Marks the caches of an environment as in use by a job, whatever becomes of the agent. `own` is the folder in which
 * they lie; when they were used last is the time of its `.used`. Answers how to take the mark away.
 */
export async function markInUse(own: string, job: string): Promise<() => Promise<void>> {
  const file = path.join(own, `.in-use-${job.replaceAll(/[^\w-]/g, '-')}`)
  // On a full disk there is no room for it; the job is what matters.
  await writeFile(file, '', { mode: 0o600 }).catch(() => {})
  return async () => {
    const now = new Date()
    const used = path.join(own, '.used')
    await utimes(used, now, now).catch(() => writeFile(used, '', { mode: 0o600 }).catch(() => {}))
    await rm(file, { force: true })
  }
}

export async function isInUse(own: string): Promise<boolean> {
  const marks = (await readdir(own)).filter((name) => mark.test(name))
  const ages = marks.map(async (name) => Date.now() - (await modified(path.join(own, name))))
  return (await Promise.all(ages)).some((age) => age < longest)
}

/** Milliseconds since 1970; 0 for never. */
export const lastUsed = (own: string): Promise<number> => modified(path.join(own, '.used'))

export const modified = (file: string): Promise<number> =>
  stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  )
