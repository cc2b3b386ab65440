import type { StepName } from '../../../contract/vocabulary.ts'
import type { Mask } from '../../../ports/secrets.ts'
import type { LogStore } from '../../../ports/store.ts'
import { type OutputLine, OutputLines } from './output-lines.ts'

export interface StepLogOptions {
  logs: Pick<LogStore, 'append' | 'position'>
  deploymentId: string
  /** Null for the output of a run. */
  step: StepName | null
  /** Whose output it is; a step may run several jobs. */
  job: string
  mask: Mask
  /** Bytes of output that are kept. */
  cap: number
}

interface Entry {
  at: Date
  text: string
  start: number
  end: number
}

const batchMs = 100
const batchBytes = 256 * 1024
/** A bar that is drawn ten times a second shall not become ten lines a second. */
const progressMs = 1000

/**
 * Stores the output of a step line by line. The store keeps how far it got together with the lines, so that
 * after a crash the next agent goes on behind the last stored line: each line is there exactly once.
 */
export class StepLog {
  readonly #options: StepLogOptions
  readonly #cursor: string
  readonly #lines: OutputLines
  #stored: number
  #entries: Entry[] = []
  #bytes = 0
  #progress: Entry | undefined
  #progressAt = -Infinity
  #leftOutFrom: number | undefined
  #end: number
  #storing: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #failure: { error: unknown } | undefined

  static async open(options: StepLogOptions): Promise<StepLog> {
    const position = await options.logs.position(options.deploymentId, cursorOf(options.job))
    return new StepLog(options, position)
  }

  private constructor(options: StepLogOptions, position: number) {
    this.#options = options
    this.#cursor = cursorOf(options.job)
    this.#lines = new OutputLines(position)
    this.#stored = position
    this.#end = position
  }

  /** Where to read from: one byte early, to see whether a line begins behind it. */
  get from(): number {
    return Math.max(0, this.#stored - 1)
  }

  async write(chunk: Buffer, offset: number): Promise<void> {
    const early = this.#end - offset
    // The byte before the first one that is not stored yet.
    if (early === 1 && offset === this.#stored - 1) this.#lines.startAfter(chunk[0]!)
    const isNew = chunk.subarray(Math.max(0, early))
    if (isNew.length === 0) return
    for (const line of this.#lines.push(isNew, Math.max(offset, this.#end))) this.#add(line)
    this.#end = offset + chunk.length
    if (this.#bytes >= batchBytes) await this.flush()
    else this.#flushSoon()
  }

  /** Stores what is complete. @throws whatever the store or an earlier attempt threw */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#showProgress(false)
    this.#storing = this.#storing.then(() => this.#store())
    await this.#storing
    if (this.#failure) throw this.#failure.error
  }

  /** Stores the rest, at the end of the output. */
  async finish(): Promise<void> {
    for (const line of this.#lines.end()) this.#add(line)
    this.#showProgress(true)
    if (this.#leftOutFrom !== undefined) {
      const start = this.#leftOutFrom
      this.#entries.push(noteOf(start, this.#end, `: a step keeps ${this.#options.cap} bytes`))
    }
    await this.flush()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #flushSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.flush().catch((error: unknown) => (this.#failure ??= { error }))
    }, batchMs)
  }

  #add(line: OutputLine): void {
    if (line.end > this.#options.cap) {
      this.#leftOutFrom ??= line.start
      return
    }
    const { start, end } = line
    if (line.kind === 'gap') return this.#push(noteOf(start, end))
    const entry = { at: new Date(), text: this.#textOf(line), start, end }
    if (line.kind === 'progress') this.#progress = entry
    else this.#push(entry)
  }

  #push(entry: Entry): void {
    // What a bar showed last is overwritten by this line, as on a terminal.
    this.#progress = undefined
    this.#entries.push(entry)
    this.#bytes += entry.end - entry.start
  }

  #showProgress(now: boolean): void {
    const progress = this.#progress
    if (!progress || (!now && performance.now() - this.#progressAt < progressMs)) return
    this.#progressAt = performance.now()
    this.#push({ ...progress, text: `${progress.text}\r` })
  }

  /** A newline behind each line, for no secret goes across; the mask keeps back only within a line. */
  #textOf({ kind, bytes }: OutputLine): string {
    const text = bytes.toString('utf8').replaceAll('\0', '\uFFFD')
    const { mask } = this.#options
    if (kind === 'part') return mask.push(text)
    return (mask.push(`${text}\n`) + mask.flush()).replace(/\n$/, '')
  }

  async #store(): Promise<void> {
    const entries = this.#entries.filter(({ start }) => start >= this.#stored)
    this.#entries = []
    this.#bytes = 0
    const to = entries.at(-1)?.end
    if (to === undefined) return
    const { logs, deploymentId, step } = this.#options
    const lines = entries.map(({ at, text }) => ({ at, text }))
    const batch = { step, cursor: this.#cursor, from: this.#stored, to, lines }
    if (await logs.append(deploymentId, batch)) {
      this.#stored = to
    } else {
      // An agent that was thought dead still writes the same output: leave to it what it has stored.
      this.#stored = await logs.position(deploymentId, this.#cursor)
      this.#entries = [...entries, ...this.#entries]
      await this.#store()
    }
  }
}

const cursorOf = (job: string): string => `job:${job}`

const noteOf = (start: number, end: number, why = ''): Entry => ({
  at: new Date(),
  text: `[sluice] ${end - start} bytes of output were left out${why}`,
  start,
  end,
})
