/** Milliseconds between two looks at the logs: while nothing much is written, and at a flood. */
const calm = 100
const flood = 5

/** How soon the logs must be looked at again: before the fastest of them can have filled its room. */
export class LogPace {
  readonly #room: number
  #seen = new Map<string, { size: number; at: number; bytesPerMs: number }>()

  constructor(room: number) {
    this.#room = room
  }

  /** `size` before it was cut, if it was. */
  saw(id: string, size: number, at = performance.now()): void {
    const before = this.#seen.get(id)
    const left = before === undefined || before.size > this.#room ? 0 : before.size
    const elapsed = before === undefined ? calm : at - before.at
    this.#seen.set(id, { size, at, bytesPerMs: Math.max(0, size - left) / Math.max(1, elapsed) })
  }

  /** Milliseconds. */
  next(ids: readonly string[]): number {
    for (const id of this.#seen.keys()) if (!ids.includes(id)) this.#seen.delete(id)
    const fastest = Math.max(0, ...[...this.#seen.values()].map(({ bytesPerMs }) => bytesPerMs))
    return Math.max(flood, Math.min(calm, this.#room / fastest / 2))
  }
}
