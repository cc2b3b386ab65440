/** Lines of a chunk, which the browser lays out only while it is near what is in view. */
const size = 200
/** Pixels; as the style sheet has it. */
const rowHeight = 20

/** Lines of one step that follow each other, or the head above them. */
export class LogChunk {
  readonly element = document.createElement('div')
  readonly isHead: boolean
  readonly #step: string
  lines = 0
  #rows = 0

  private constructor(step: string, isHead: boolean) {
    this.#step = step
    this.isHead = isHead
    this.element.className = isHead ? 'log-step' : 'chunk'
    this.element.dataset['of'] = step
  }

  static head(step: string): LogChunk {
    const head = new LogChunk(step, true)
    head.element.textContent = step
    return head
  }

  static of(step: string): LogChunk {
    return new LogChunk(step, false)
  }

  get takesMore(): boolean {
    return !this.isHead && this.lines < size
  }

  /** @param rows that the line will fill, nearly: until it is seen, the chunk takes the room of all of them */
  append(rows: number): HTMLElement {
    const line = document.createElement('div')
    line.className = 'line'
    this.element.append(line)
    this.lines++
    this.#rows += rows
    if (!this.takesMore) {
      this.element.style.containIntrinsicSize = `auto ${this.#rows * rowHeight}px`
      this.element.classList.add('full')
    }
    return line
  }

  /** Hidden when another step is to be shown alone. */
  showOnly(step: string): void {
    this.element.hidden = step !== '' && step !== this.#step
  }
}
