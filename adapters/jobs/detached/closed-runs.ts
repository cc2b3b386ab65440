import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { entriesAt } from '../../files/entries-at.ts'

/** Marks that an environment keeps: as many as the store keeps of its runs that have ended. */
const kept = 500

/**
 * Which runs were discarded on this host, so that an agent that was paused and wakes up late starts none of them again:
 * their ids have no number, which would say it for all older ones (see `ClosedNumbers`). A file for each in
 * `<service>/<environment>/run`. Not synced: what was paused does not outlive a power loss.
 */
export class ClosedRuns {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  /** `id` is `<service>/<environment>/run/<run>`; anything else closes nothing. */
  async close(id: string): Promise<void> {
    const mark = this.#markOf(id)
    if (mark === undefined) return
    const folder = path.dirname(mark)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    // The folder goes when the environment is forgotten, and then nothing of it can start.
    await writeFile(mark, '').catch(ignoreAbsence)
    await prune(folder)
  }

  async isClosed(id: string): Promise<boolean> {
    const mark = this.#markOf(id)
    return mark !== undefined && (await madeAt(mark)) !== undefined
  }

  async forget(serviceId: string, environment: string): Promise<void> {
    const folder = path.join(this.#directory, serviceId, environment, 'run')
    // A run that is being discarded may still leave its mark.
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })
  }

  #markOf(id: string): string | undefined {
    return /^[a-z0-9-]+\/[a-z0-9-]+\/run\/[a-z0-9-]+$/.test(id) ? path.join(this.#directory, id) : undefined
  }
}

async function prune(folder: string): Promise<void> {
  const names = await entriesAt(folder)
  if (names.length <= kept) return
  const marks = await Promise.all(
    names.map(async (name) => {
      const mark = path.join(folder, name)
      return { mark, at: (await madeAt(mark)) ?? 0 }
    }),
  )
  const old = marks.toSorted((one, other) => other.at - one.at).slice(kept)
  await Promise.all(old.map(({ mark }) => rm(mark, { force: true })))
}

/** Undefined when it is not there. */
async function madeAt(mark: string): Promise<number | undefined> {
  return (await stat(mark).catch(ignoreAbsence))?.mtimeMs
}

function ignoreAbsence(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
