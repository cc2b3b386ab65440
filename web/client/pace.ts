/** Milliseconds from one such frame to the next: nobody reads faster, and each frame has to be drawn. */
const leastPause = 100

/** Does a work that comes in pieces in frames of the browser, seldom enough to leave room for everything else. */
export class Pace {
  readonly #work: () => void
  #isBusy = false
  #isWanted = false
  /** When the next piece may be done, in the time of `performance`. */
  #due = 0

  /** @param work does as much as a frame may take */
  constructor(work: () => void) {
    this.#work = work
  }

  /** There is something to do. */
  ask(): void {
    this.#isWanted = true
    if (this.#isBusy) return
    this.#isBusy = true
    const pause = this.#due - performance.now()
    if (pause > 0) setTimeout(() => this.#inNextFrame(), pause)
    else this.#inNextFrame()
  }

  #inNextFrame(): void {
    requestAnimationFrame(() => {
      const began = performance.now()
      this.#isWanted = false
      this.#work()
      // After layout and paint. As long as all of it took is left to others, so that a slow machine is not full of it.
      setTimeout(() => {
        const took = performance.now() - began
        this.#due = began + Math.max(leastPause, 2 * took)
        this.#isBusy = false
        if (this.#isWanted) this.ask()
      })
    })
  }
}
