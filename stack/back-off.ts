/** Milliseconds before each start in a row of failures. The first is quick: a killed part should hardly be missed. */
const delays = [100, 500, 1000, 2000, 5000, 10_000]

/** Milliseconds up after which a part counts as sound again. */
const soundAfter = 10_000

/** How long to wait before a program that ended is started again. */
export class BackOff {
  #failures = 0

  /** Milliseconds; `upMs` is how long it ran this time. */
  next(upMs: number): number {
    if (upMs >= soundAfter) this.#failures = 0
    const delay = delays[Math.min(this.#failures, delays.length - 1)]!
    this.#failures++
    return delay
  }
}
