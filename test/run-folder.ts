import { chmodSync, mkdtempSync, realpathSync, rmSync, watch, type FSWatcher } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { leftIn } from './left-in.ts'

/** Milliseconds that a last process may take to end. */
const patience = 5000

/**
 * The temporary folder of one whole run of the tests. All that they make lies in it or carries its path, which tells
 * what they leave behind from what another run at the same time on the same machine is using.
 */
export class RunFolder {
  readonly path: string
  readonly #watcher: FSWatcher
  readonly #mayLeaveFolders: boolean
  #made = new Set<string>()

  /** From now on it is the temporary folder of this process and of those that it starts. */
  constructor({ mayLeaveFolders = false } = {}) {
    this.#mayLeaveFolders = mayLeaveFolders
    // Short, because Unix sockets lie in it; open to all as /tmp is, because services run as users of their own.
    this.path = realpathSync(mkdtempSync(path.join(os.tmpdir(), 's-')))
    chmodSync(this.path, 0o1777)
    process.env['TMPDIR'] = this.path
    this.#watcher = watch(this.path, { persistent: false }, (_, name) => name && this.#made.add(name))
  }

  /** Removes it. Answers what the run has left; to be called when this process ends, so it only blocks. */
  close(): string[] {
    this.#watcher.close()
    // npm keeps its compiled code in the temporary folder, for whoever calls it next.
    rmSync(path.join(this.path, 'node-compile-cache'), { recursive: true, force: true })
    const homes = [...this.#made].map((name) => path.join(this.path, name))
    const until = Date.now() + patience
    const look = () =>
      leftIn(this.path, homes).filter((one) => !this.#mayLeaveFolders || !one.startsWith('folder '))
    let left = look()
    for (; left.length > 0 && Date.now() < until; left = look()) pause(100)
    if (left.length === 0) rmSync(this.path, { recursive: true })
    return left
  }
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
