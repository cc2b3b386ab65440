/** What was seen lately: who asks many times a second does not make the machine search all processes each time. */
export class Glance<T> {
  readonly #holdsMs: number
  #seen = new Map<string, { at: number; what: T }>()

  constructor(holdsMs: number) {
    this.#holdsMs = holdsMs
  }

  async of(key: string, look: () => Promise<T>): Promise<T> {
    const now = performance.now()
    for (const [old, { at }] of this.#seen) if (now - at > this.#holdsMs) this.#seen.delete(old)
    const seen = this.#seen.get(key)
    if (seen) return seen.what
    const what = await look()
    this.#seen.set(key, { at: performance.now(), what })
    return what
  }
}
