import { randomUUID } from 'node:crypto'
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { createDurable, syncAbove, syncDirectory, syncFile } from '../../files/durable.ts'
import { entriesAt } from '../../files/entries-at.ts'
import { readTwin } from '../../files/twin.ts'
import { readClaim, type Claim } from '../../process/claim.ts'
import type { CgroupFolders } from '../../process/cgroup/index.ts'
import { type Ending, parseEnding } from '../../process/ending.ts'
import { bootId } from '../../process/identity.ts'

/** How Sluice itself ended a job, or gave it up. The first one counts for ever. */
export type Verdict = 'timedOut' | 'canceled' | 'unknown' | 'processes'

/** One start of the command. */
export interface Attempt {
  number: number
  mark: string
  /** Boot in which it was to start: after a power loss the claim may be lost although the command ran. */
  boot: string
  /** Where the processes are contained; absent where that cannot be. */
  cgroup?: CgroupFolders | undefined
}

export interface AttemptState {
  attempt: Attempt
  claim: Claim
  exit: Ending | undefined
}

/**
 * `attempt-N.json` (before the start), `claim-N` (by the wrapper, which then runs the command), `exit-N` (by the
 * wrapper at the end), `verdict` and `output`. All are made once and never changed, so readers and writers
 * need no lock, whoever they are.
 */
export class JobFolder {
  readonly directory: string
  readonly output: string
  /** Read once: neither ever changes. */
  #attempts = new Map<number, Attempt>()
  #claims = new Map<number, Claim>()

  constructor(directory: string) {
    this.directory = directory
    this.output = path.join(directory, 'output')
  }

  claimFile(attempt: number): string {
    return path.join(this.directory, `claim-${attempt}`)
  }

  /** Undefined until the first attempt is prepared. */
  async latest(): Promise<AttemptState | undefined> {
    const names = await entriesAt(this.directory)
    const attempt = await this.#latestAttempt(names)
    if (!attempt) return undefined
    const { number } = attempt
    // In this order: a wrapper that is seen dead after its claim was read has written all it ever will.
    return {
      attempt,
      claim: names.includes(path.basename(this.claimFile(number)))
        ? await this.#claim(number)
        : { kind: 'open' },
      exit: names.includes(path.basename(this.#exitFile(number))) ? await this.exitOf(number) : undefined,
    }
  }

  async exitOf(attempt: number): Promise<Ending | undefined> {
    const text = await readIfThere(this.#exitFile(attempt))
    return text?.endsWith('\n') ? parseEnding(text.trimEnd()) : undefined
  }

  /** Resolves once the exit status survives a power loss. The wrapper sees to that as well, a little later. */
  async keepExit(attempt: number): Promise<void> {
    await syncFile(this.#exitFile(attempt)).catch(ignoreAbsence)
    await syncDirectory(this.directory).catch(ignoreAbsence)
  }

  /**
   * Several callers at once agree on one attempt. With `repeatable` a power loss may take the whole folder away:
   * then the command is done again, as it would be anyhow.
   */
  async prepare(
    number: number,
    { repeatable }: { repeatable: boolean },
    cgroup: CgroupFolders | undefined,
  ): Promise<void> {
    const made = await mkdir(this.directory, { recursive: true, mode: 0o700 })
    const attempt: Attempt = { number, mark: randomUUID(), boot: bootId(), cgroup }
    await createDurable(this.#attemptFile(number), JSON.stringify(attempt), { mode: 0o600 })
    if (!repeatable) await syncAbove(this.directory, made)
  }

  async verdict(): Promise<Verdict | undefined> {
    const reading = await readTwin<{ verdict: Verdict }>(path.join(this.directory, 'verdict.json'))
    if (reading.kind === 'absent') return undefined
    return reading.kind === 'read' ? reading.value.verdict : 'unknown'
  }

  async decide(verdict: Verdict): Promise<void> {
    const file = path.join(this.directory, 'verdict.json')
    // Without a folder the job was discarded, which says more than any verdict.
    await createDurable(file, JSON.stringify({ verdict }), { mode: 0o600 }).catch(ignoreAbsence)
  }

  /** A line of Sluice's own among the output. */
  async note(text: string): Promise<void> {
    await appendFile(this.output, `\n[sluice] ${text}\n`)
  }

  async #latestAttempt(names: string[]): Promise<Attempt | undefined> {
    const numbers = names.map((name) => Number(/^attempt-(\d+)\.json$/.exec(name)?.[1] ?? 0))
    const newest = Math.max(0, ...numbers)
    if (newest === 0) return undefined
    const known = this.#attempts.get(newest)
    if (known) return known
    const reading = await readTwin<Attempt>(this.#attemptFile(newest))
    if (reading.kind === 'absent') return undefined
    // Damaged, it counts as one of a boot that is over, with processes that nobody knows.
    const attempt = reading.kind === 'read' ? reading.value : { number: newest, mark: randomUUID(), boot: '' }
    this.#attempts.set(newest, attempt)
    return attempt
  }

  async #claim(attempt: number): Promise<Claim> {
    const claim = this.#claims.get(attempt) ?? (await readClaim(this.claimFile(attempt)))
    if (claim.kind !== 'open') this.#claims.set(attempt, claim)
    return claim
  }

  #exitFile(attempt: number): string {
    return path.join(this.directory, `exit-${attempt}`)
  }

  #attemptFile(number: number): string {
    return path.join(this.directory, `attempt-${number}.json`)
  }
}

/** Of a job, or of all whose ids start with these whole parts. @throws Error when it could lead elsewhere. */
export function folderOf(directory: string, id: string): string {
  if (!/^[a-z0-9-]+(\/[a-z0-9-]+)*\/?$/.test(id)) throw new Error(`${id} cannot be the id of a job`)
  return path.join(directory, id)
}

/** The folders of all jobs at or below one folder. */
export async function jobsBelow(directory: string): Promise<JobFolder[]> {
  const names = await entriesAt(directory)
  if (names.includes('attempt-1.json')) return [new JobFolder(directory)]
  const below = await Promise.all(names.map((name) => jobsBelow(path.join(directory, name))))
  return below.flat()
}

async function readIfThere(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(ignoreAbsence)
}

function ignoreAbsence(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
}
