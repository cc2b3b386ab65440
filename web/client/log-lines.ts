import type { LogLine } from '../../contract/deployment.ts'
import type { RunLine } from '../../contract/run.ts'
import { LogChunk } from './log-chunk.ts'
import { fillLine } from './log-text.ts'
import { Pace } from './pace.ts'

/** A line of a deployment, or of a run, which has no steps. */
export type ShownLine = RunLine & Partial<Pick<LogLine, 'step'>>

/** Lines in the document at once. Of more the oldest go: the raw log has them, and the memory has an end. */
const most = 200_000
/**
 * Lines that are put in at once, in about 30 ms: what a frame costs beside them is the same for few and many, so a slow
 * machine comes further with many. When as many wait, the stream has to wait for them.
 */
const enough = 5_000

interface LogLinesOptions {
  /** Told how many lines were put in. */
  grown(count: number): void
  /** Whether the oldest lines may go: nobody reads them. */
  mayForget(): boolean
  /** Told when the first lines have gone. */
  forgot(): void
}

/** The lines in the document. They are only ever added, so a selection stays; but a progress bar draws over itself. */
export class LogLines {
  readonly #box: HTMLElement
  readonly #options: LogLinesOptions
  #waiting: ShownLine[] = []
  #hasEnded = false
  readonly #pace = new Pace(() => this.#putSome())
  /** Whoever brings the lines, until there is room for more. */
  #room: (() => void) | undefined
  #parts: LogChunk[] = []
  #count = 0
  #step: string | undefined
  #only = ''
  /** The last line, when it was a progress bar. */
  #progress: HTMLElement | undefined

  constructor(box: HTMLElement, options: LogLinesOptions) {
    this.#box = box
    this.#options = options
  }

  /** Resolves when more can be taken. */
  async add(lines: ShownLine[]): Promise<void> {
    this.#waiting = this.#waiting.length === 0 ? lines : this.#waiting.concat(lines)
    this.resume()
    if (this.#waiting.length < enough) return
    await new Promise<void>((resolve) => {
      this.#room = resolve
    })
  }

  /** Goes on with what waits, if anything does. */
  resume(): void {
    this.#pace.ask()
  }

  /** Nothing more comes. */
  end(): void {
    this.#hasEnded = true
    this.resume()
  }

  /** Shows one step alone, or all. */
  only(step: string): void {
    this.#only = step
    for (const part of this.#parts) part.showOnly(step)
  }

  #putSome(): void {
    const columns = columnsOf(this.#box)
    let done = 0
    const end = Math.min(this.#waiting.length, enough)
    while (done < end && this.#hasRoom()) this.#put(this.#waiting[done++]!, columns)
    this.#waiting = this.#waiting.slice(done)
    if (done > 0) this.#options.grown(done)
    if (this.#waiting.length < enough) this.#room?.()
    if (this.#waiting.length > 0 && done > 0) this.resume()
    if (this.#waiting.length === 0 && this.#hasEnded) this.#box.dataset['ended'] = 'true'
  }

  #hasRoom(): boolean {
    if (this.#count < most) return true
    if (!this.#options.mayForget()) return false
    // The head of a step stays for as long as there is something below it.
    const at = this.#parts[0]?.isHead && !this.#parts[1]?.isHead ? 1 : 0
    for (const oldest of this.#parts.splice(at, 1)) {
      this.#count -= oldest.lines
      oldest.element.remove()
    }
    this.#options.forgot()
    return true
  }

  #put(line: ShownLine, columns: number): void {
    const step = line.step === undefined ? '' : (line.step ?? 'other')
    if (step !== this.#step) this.#startStep(step)
    const element = this.#progress ?? this.#append(step, line.text.length, columns)
    fillLine(element, line)
    const isProgress = line.text.endsWith('\r')
    element.classList.toggle('progress', isProgress)
    this.#progress = isProgress ? element : undefined
  }

  #startStep(step: string): void {
    this.#step = step
    this.#progress = undefined
    if (step !== '') this.#add(LogChunk.head(step))
  }

  #append(step: string, length: number, columns: number): HTMLElement {
    const last = this.#parts.at(-1)
    const chunk = last?.takesMore ? last : this.#add(LogChunk.of(step))
    this.#count++
    return chunk.append(Math.max(1, Math.ceil(length / columns)))
  }

  #add(part: LogChunk): LogChunk {
    part.showOnly(this.#only)
    this.#parts.push(part)
    this.#box.append(part.element)
    return part
  }
}

/** Characters of a row, nearly: in a font whose characters are all 0.6 of its size wide. */
function columnsOf(box: HTMLElement): number {
  const size = Number.parseFloat(getComputedStyle(box).fontSize)
  return Math.max(20, Math.floor((box.clientWidth - 84) / (size * 0.6)))
}
