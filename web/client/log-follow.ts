/** Pixels from the end that still count as the end. */
const slack = 8

/** Keeps the end of the log in view, until somebody scrolls up; then says how many lines are new. */
export class LogFollow {
  readonly #box: HTMLElement
  readonly #button: HTMLButtonElement
  readonly #newLines: HTMLButtonElement
  #on = true
  #missed = 0
  #top = 0

  constructor(box: HTMLElement, button: HTMLButtonElement, newLines: HTMLButtonElement) {
    this.#box = box
    this.#button = button
    this.#newLines = newLines
    button.addEventListener('click', () => this.set(!this.#on))
    newLines.addEventListener('click', () => this.set(true))
    new ResizeObserver(() => this.settle()).observe(box)
    box.addEventListener('scroll', () => this.#scrolled(), { passive: true })
  }

  /** Lines were added. */
  grown(count: number): void {
    if (this.#on) return this.#toEnd()
    if (this.#isAtEnd()) return
    this.#missed += count
    this.#show()
  }

  /** Something else has changed its height. */
  settle(): void {
    if (this.#on) this.#toEnd()
  }

  set(on: boolean): void {
    this.#on = on
    if (on) {
      this.#missed = 0
      this.#toEnd()
    }
    this.#show()
  }

  /** Only a scroll upwards is somebody's wish to read on in peace: the log growing scrolls downwards. */
  #scrolled(): void {
    const { scrollTop } = this.#box
    const isUp = scrollTop < this.#top - 1
    this.#top = scrollTop
    if (this.#isAtEnd()) {
      if (!this.#on) this.set(true)
    } else if (isUp && this.#on) this.set(false)
  }

  #isAtEnd(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.#box
    return scrollHeight - scrollTop - clientHeight <= slack
  }

  #toEnd(): void {
    this.#box.scrollTop = this.#box.scrollHeight
    this.#top = this.#box.scrollTop
  }

  #show(): void {
    this.#button.setAttribute('aria-pressed', String(this.#on))
    this.#newLines.hidden = this.#on || this.#missed === 0
    this.#newLines.textContent = `↓ ${this.#missed} new ${this.#missed === 1 ? 'line' : 'lines'}`
  }
}
