import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { syncAbove } from '../../files/durable.ts'
import { entriesAt } from '../../files/entries-at.ts'
import { readTwin, writeTwin } from '../../files/twin.ts'
import type { LimitName } from '../../../contract/limits.ts'
import type { CgroupFolders } from '../../process/cgroup/index.ts'
import { parseEnding } from '../../process/ending.ts'
import { signalOf } from '../../process/exit-status.ts'

/** What must be known of an instance after a crash. Not its variables: those are secret. */
export interface InstanceRecord {
  id: string
  serviceId: string
  environmentName: string
  command: string
  directory: string
  /** 0 for one that listens nowhere. */
  port: number
  /** Where its processes are contained; absent where that cannot be. */
  cgroup?: CgroupFolders | undefined
  drainMs: number
  /** Which start this is: each has a shim of its own, and the files that it writes carry this number. */
  generation: number
  /** Value of `SLUICE_RUN` of all its processes, whatever the generation. */
  mark: string
  /** Set when it is to end: the processes are killed once the machine has been up this long (milliseconds, boot id). */
  stopping: { killAt: number; boot: string } | null
}

/** What the shim wrote last. */
export interface ShimState {
  phase: 'running' | 'backingOff' | 'stopped'
  startedAt: string
  restarts: number
  lastExit: { code: number | null; signal: string | null; at: string; limit: LimitName | null } | null
}

/** Files of one instance, of Sluice alone: the service has only `output` open. */
export class InstanceFolder {
  readonly directory: string
  readonly output: string
  /** What `output` held before it was cut. */
  readonly earlierOutput: string

  constructor(directory: string) {
    this.directory = directory
    this.output = path.join(directory, 'output')
    this.earlierOutput = path.join(directory, 'output.1')
  }

  /** undefined also when it is damaged and so is its copy. */
  async record(): Promise<InstanceRecord | undefined> {
    const reading = await readTwin<InstanceRecord>(this.#recordFile)
    return reading.kind === 'read' ? reading.value : undefined
  }

  /** Nothing is known of an instance that may well run. */
  async isDamaged(): Promise<boolean> {
    return (await readTwin(this.#recordFile)).kind === 'damaged'
  }

  async write(record: InstanceRecord): Promise<void> {
    const made = await mkdir(this.directory, { recursive: true, mode: 0o700 })
    await writeTwin(this.#recordFile, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 })
    await syncAbove(this.directory, made)
  }

  /** Every one whose shell came up. */
  async generations(): Promise<number[]> {
    const names = await entriesAt(this.directory)
    return names.flatMap((name) => (/^shim-\d+$/.test(name) ? [Number(name.slice('shim-'.length))] : []))
  }

  claimFile(generation: number): string {
    return path.join(this.directory, `shim-${generation}`)
  }

  /** Tells the shim not to start the service again. */
  async tellToEnd(generation: number): Promise<void> {
    await writeFile(this.#endingFile(generation), '')
  }

  async isToldToEnd(generation: number): Promise<boolean> {
    return access(this.#endingFile(generation)).then(
      () => true,
      () => false,
    )
  }

  async state(generation: number): Promise<ShimState | undefined> {
    const text = await readFile(path.join(this.directory, `state-${generation}`), 'utf8').catch(() => '')
    const [phase, began, restarts, status, ended, limit] = text.trim().split(' ')
    if (phase !== 'running' && phase !== 'backingOff' && phase !== 'stopped') return undefined
    return {
      phase,
      startedAt: isoOf(began),
      restarts: Number(restarts),
      lastExit: ended ? { ...exitOf(status, limit), at: isoOf(ended) } : null,
    }
  }

  async remove(): Promise<void> {
    // The record last: as long as it is there, what is left is known and can be removed.
    const names = await entriesAt(this.directory)
    const others = names.filter((name) => name !== 'instance.json')
    await Promise.all(
      others.map((name) => rm(path.join(this.directory, name), { force: true, recursive: true })),
    )
    await rm(this.directory, lateFilesToo)
  }

  #endingFile(generation: number): string {
    return path.join(this.directory, `ending-${generation}`)
  }

  get #recordFile(): string {
    return path.join(this.directory, 'instance.json')
  }
}

/**
 * A shell that came too late for the claim, or a cut of the log, may still make a file while its folder is removed:
 * the removal looks again then, instead of failing with ENOTEMPTY.
 */
const lateFilesToo = { recursive: true, force: true, maxRetries: 10, retryDelay: 20 }

function exitOf(word = '', reason = '') {
  const { status, limit } = parseEnding(`${word} ${reason}`.trim()) ?? { status: 0, limit: null }
  const signal = signalOf(status)
  return { code: signal ? null : status, signal, limit: status === 0 ? null : limit }
}

const isoOf = (seconds: string | undefined): string => new Date(Number(seconds) * 1000).toISOString()
