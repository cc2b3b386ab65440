import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename } from 'node:fs/promises'
import path from 'node:path'
import { isNoSpace } from '../../../ports/no-space.ts'
import { deleteFolder, deleteIfPossible } from '../../files/deletion.ts'
import { syncDirectory } from '../../files/durable.ts'

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
      if (isNoSpace(error)) return deleteFolder(folder)
      throw error
    }
    await syncDirectory(path.dirname(folder))
    await deleteFolder(grave)
  }

  /**
   * Removes what an earlier process did not finish; what stays keeps no agent from its start. Made now, because a full
   * disk would not take it later.
   */
  async prepare(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    const names = await readdir(this.#directory).catch(() => [])
    for (const name of names) await deleteIfPossible(path.join(this.#directory, name))
  }
}
