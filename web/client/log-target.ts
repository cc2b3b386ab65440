import type { LogFollow } from './log-follow.ts'

/** Pixels of the margin, where the numbers of the lines are. */
const margin = 56

/** The line that the address names: found when it comes, and chosen by its number. */
export class LogTarget {
  readonly #box: HTMLElement
  readonly #follow: LogFollow
  #shown = ''

  constructor(box: HTMLElement, follow: LogFollow) {
    this.#box = box
    this.#follow = follow
    box.addEventListener('click', (event) => {
      const line = event.target as HTMLElement
      // The numbers in the margin are no text, so that copying lines copies only them.
      if (!line.classList.contains('line') || event.offsetX >= margin) return
      this.#shown = `#${line.id}`
      history.replaceState(null, '', this.#shown)
      this.#mark()
    })
    window.addEventListener('hashchange', () => {
      this.#shown = ''
      this.show()
    })
  }

  /** Goes there, once, as soon as it is there. */
  show(): void {
    const { hash } = location
    if (!/^#L\d+$/.test(hash) || this.#shown === hash) return
    const line = this.#box.querySelector(hash)
    if (!line) return
    this.#shown = hash
    this.#follow.set(false)
    line.scrollIntoView({ block: 'center' })
    this.#mark()
  }

  #mark(): void {
    this.#box.querySelector('.line.marked')?.classList.remove('marked')
    this.#box.querySelector(this.#shown)?.classList.add('marked')
  }
}
