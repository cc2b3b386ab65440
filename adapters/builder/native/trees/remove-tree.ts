import { randomUUID } from 'node:crypto'
import { rename } from 'node:fs/promises'
import path from 'node:path'
import { deleteFolder } from '../../../files/deletion.ts'

/** Under another name first, so that nobody takes a half-removed tree for a whole one. Absent is fine. */
export async function removeTree(folder: string): Promise<void> {
  const grave = path.join(path.dirname(folder), `.stage-${randomUUID()}`)
  try {
    await rename(folder, grave)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  await deleteFolder(grave)
}
