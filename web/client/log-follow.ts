/** Pixels from the end that still count as the end. */
const slack = 8
/** Keys that scroll up. */
const upwards = new Set(['ArrowUp', 'PageUp', 'Home'])

interface LogFollowOptions {
  box: HTMLElement
  button: HTMLButtonElement
  newLines: HTMLButtonElement
  /** Told when it follows again. */
  resumed(): void
}

/** Keeps the end of the log in view, until somebody scrolls up; then says how many lines are new. */
export class LogFollow {
  readonly #box: HTMLElement
  readonly #options: LogFollowOptions
  #on = true
  #missed = 0
  #top = 0
  /** Somebody holds the mouse down in it: text that is being selected, or a scroll bar, is not pulled away. */
  #isHeld = false

  constructor(options: LogFollowOptions) {
    const { box, button, newLines } = options
    this.#box = box
    this.#options = options
    button.addEventListener('click', () => this.set(!this.#on))
    newLines.addEventListener('click', () => this.set(true))
    new ResizeObserver(() => this.settle()).observe(box)
    box.addEventListener('scroll', () => this.#scrolled(), { passive: true })
    // Before it has scrolled: a log that grows in each frame would win against the first pixels of a slow scroll.
    box.addEventListener('wheel', ({ deltaY }) => deltaY < 0 && this.#up(), { passive: true })
    box.addEventListener('keydown', ({ key }) => upwards.has(key) && this.#up())
    box.addEventListener('pointerdown', () => (this.#isHeld = true))
    for (const ending of ['pointerup', 'pointercancel'])
      document.addEventListener(ending, () => this.#letGo(), { passive: true })
  }

  get isOn(): boolean {
    return this.#on
  }

  /** Lines were added. */
  grown(count: number): void {
    if (this.#on) {
      this.settle()
      // Once laid out, a chunk may be higher than it was thought to be.
      requestAnimationFrame(() => this.settle())
      return
    }
    if (this.#isAtEnd()) return
    this.#missed += count
    this.#show()
  }

  /** Something else has changed its height. */
  settle(): void {
    if (this.#on && !this.#isHeld) this.#toEnd()
  }

  set(on: boolean): void {
    this.#on = on
    if (on) {
      this.#missed = 0
      this.#toEnd()
      this.#options.resumed()
    }
    this.#show()
  }

  #up(): void {
    const { scrollHeight, clientHeight } = this.#box
    if (this.#on && scrollHeight > clientHeight) this.set(false)
  }

  #letGo(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    // Text that was selected is read where it is.
    if (this.#on && !getSelection()?.isCollapsed && !this.#isAtEnd()) this.set(false)
    this.settle()
  }

  /** Only a scroll upwards is somebody's wish to read on in peace: the log growing scrolls downwards. */
  #scrolled(): void {
    const { scrollTop } = this.#box
    const isUp = scrollTop < this.#top - 1
    const isDown = scrollTop > this.#top
    this.#top = scrollTop
    if (this.#isAtEnd()) {
      if (!this.#on && isDown) this.set(true)
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
    const { button, newLines } = this.#options
    button.setAttribute('aria-pressed', String(this.#on))
    newLines.hidden = this.#on || this.#missed === 0
    newLines.textContent = `↓ ${this.#missed} new ${this.#missed === 1 ? 'line' : 'lines'}`
  }
}
