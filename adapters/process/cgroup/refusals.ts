/** A command that copes with a refused process does so at once; one that asks on for this long never will. */
const patienceMs = 5000
/** Between two refusals of one run of them. */
const pauseMs = 1500

/** Tells a fork bomb from a command that has met its limit once, by how often its processes were refused so far. */
export class Refusals {
  #count = 0
  #since: number | undefined
  #last = -Infinity

  /** Whether it has been refused processes all the time, for long. To be asked about twice a second. */
  endless(count: number, now = performance.now()): boolean {
    if (count > this.#count) {
      if (now - this.#last > pauseMs) this.#since = now
      this.#last = now
    }
    this.#count = count
    return this.#since !== undefined && this.#last - this.#since >= patienceMs
  }
}
