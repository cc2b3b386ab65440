import { type FSWatcher, watch } from 'node:fs'

/** Tells that something happened in a folder. May miss something, so waits are also limited in time. */
export class FolderWatch {
  #watcher: FSWatcher | undefined
  #waiting = new Set<() => void>()
  #seen = 0
  #changes = 0

  constructor(directory: string, counts: (name: string | null) => boolean) {
    try {
      this.#watcher = watch(directory, (_, name) => counts(name) && this.wake())
      this.#watcher.on('error', () => this.#watcher?.close())
    } catch {
      // No more watches to be had: looking now and then does as well.
    }
  }

  /** Resolves at the next change since the last wait, or after `limitMs`. */
  async wait(limitMs: number): Promise<void> {
    if (this.#seen === this.#changes) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.#watcher ? limitMs : Math.min(limitMs, 50))
        this.#waiting.add(() => (clearTimeout(timer), resolve()))
      })
      this.#waiting.clear()
    }
    this.#seen = this.#changes
  }

  wake(): void {
    this.#changes++
    for (const resolve of this.#waiting) resolve()
  }

  close(): void {
    this.#watcher?.close()
    this.wake()
  }
}
