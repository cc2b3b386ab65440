import type { LogLine } from '../../contract/deployment.ts'
import { spansOf } from '../log/ansi.ts'

/** Lines of a chunk, which the browser lays out only while it is in view. */
const chunkSize = 200
/** Lines that are put in at once: more would be felt. */
const atOnce = 1500

/** The lines in the document. They are only ever added, so a selection stays; but a progress bar draws over itself. */
export class LogLines {
  readonly #box: HTMLElement
  readonly #grown: (count: number) => void
  #waiting: LogLine[] = []
  #planned = false
  #chunk: HTMLElement | undefined
  #step: string | undefined
  #only = ''
  /** The last line, when it was a progress bar. */
  #progress: HTMLElement | undefined

  /** @param grown told how many lines were put in */
  constructor(box: HTMLElement, grown: (count: number) => void) {
    this.#box = box
    this.#grown = grown
  }

  add(line: LogLine): void {
    this.#waiting.push(line)
    this.#plan()
  }

  /** Nothing more comes. */
  end(): void {
    this.#box.dataset['ended'] = 'true'
    this.#plan()
  }

  /** Shows one step alone, or all. */
  only(step: string): void {
    this.#only = step
    for (const part of this.#box.querySelectorAll<HTMLElement>('[data-of]')) this.#showOrHide(part)
  }

  #showOrHide(part: HTMLElement): void {
    part.hidden = this.#only !== '' && part.dataset['of'] !== this.#only
  }

  #plan(): void {
    if (this.#planned) return
    this.#planned = true
    requestAnimationFrame(() => {
      this.#planned = false
      const lines = this.#waiting.splice(0, atOnce)
      for (const line of lines) this.#put(line)
      this.#grown(lines.length)
      if (this.#waiting.length > 0) this.#plan()
    })
  }

  #put(line: LogLine): void {
    const step = line.step ?? 'other'
    if (step !== this.#step) this.#startStep(step)
    const isProgress = line.text.endsWith('\r')
    const element = this.#progress ?? this.#append(step)
    element.id = `L${line.seq}`
    element.dataset['n'] = String(line.seq)
    element.replaceChildren(...nodesOf(line.text))
    this.#progress = isProgress ? element : undefined
  }

  #startStep(step: string): void {
    this.#step = step
    this.#progress = undefined
    this.#chunk = undefined
    const head = document.createElement('div')
    head.className = 'log-step'
    head.dataset['of'] = step
    head.textContent = step
    this.#showOrHide(head)
    this.#box.append(head)
  }

  #append(step: string): HTMLElement {
    if (!this.#chunk || this.#chunk.childElementCount >= chunkSize) {
      this.#chunk?.classList.add('full')
      this.#chunk = document.createElement('div')
      this.#chunk.className = 'chunk'
      this.#chunk.dataset['of'] = step
      this.#showOrHide(this.#chunk)
      this.#box.append(this.#chunk)
    }
    const element = document.createElement('div')
    element.className = 'line'
    this.#chunk.append(element)
    return element
  }
}

/** Text nodes, and spans with a class: whatever the line holds, it is text. */
function nodesOf(text: string): Node[] {
  return spansOf(text.replace(/\r$/, '')).map(({ text: part, style }) => {
    if (!style) return document.createTextNode(part)
    const span = document.createElement('span')
    span.className = style
    span.textContent = part
    return span
  })
}
