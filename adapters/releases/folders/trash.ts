import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { isNoSpace } from '../../../ports/no-space.ts'
import { syncDirectory } from '../../files/durable.ts'

const execute = promisify(execFile)

/** Where folders go before they are deleted, so that a half-deleted one is never mistaken for what it was. */
export class Trash {
  readonly #directory: string

  /** On the same file system as what is removed. */
  constructor(directory: string) {
    this.#directory = directory
  }

  /** Absent is fine. Once the rename is done the folder is gone for everybody, even if the rest is interrupted. */
  async remove(folder: string): Promise<void> {
    const grave = path.join(this.#directory, randomUUID())
    try {
      await rename(folder, grave)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
      // A move may need a block that a full disk does not have; removing never does.
      if (isNoSpace(error)) return deleteAll(folder)
      throw error
    }
    await syncDirectory(path.dirname(folder))
    await deleteAll(grave)
  }

  /** Removes what an earlier process did not finish. Made now, because a full disk would not take it later. */
  async prepare(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    const names = await readdir(this.#directory).catch(() => [])
    for (const name of names) await deleteAll(path.join(this.#directory, name))
  }
}

/** `rm` rather than Node's: it never follows a link that the service puts in the place of a folder meanwhile. */
async function deleteAll(folder: string): Promise<void> {
  try {
    await execute('rm', ['-rf', '--', folder])
  } catch {
    // Tools make folders read-only (Go its module cache), which stops everybody but root.
    await execute('chmod', ['-R', 'u+rwX', '--', folder]).catch(() => {})
    await execute('rm', ['-rf', '--', folder])
  }
}
