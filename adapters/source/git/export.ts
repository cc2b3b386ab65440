import { rm, statfs } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { SourceError } from '../../../ports/source.ts'
import { writeFreshFolder } from '../fresh-folder.ts'
import { noRoom } from '../roomy.ts'
import type { Mirror } from './mirror.ts'
import type { TreeEntry } from './tree.ts'

/**
 * Writes the plain files of a commit whose entries were checked: 0644 or 0755, exactly the committed bytes, no `.git`. Everything in the
 * commit is there: `export-ignore` is meant for source packages, and a build may need what it leaves out.
 * The folder appears at once and complete. Safe to repeat: what stands there is replaced.
 * @throws SourceError SourceRejected, DiskFull
 */
export async function exportTree(
  mirror: Mirror,
  { sha, entries }: { sha: string; entries: readonly TreeEntry[] },
  directory: string,
): Promise<void> {
  const bytes = entries.reduce((sum, { size }) => sum + size, 0)
  await writeFreshFolder(directory, bytes, (fresh) => checkOut(mirror, sha, fresh))
}

/** The index is a file of its own, so that nothing is left in the mirror. git refuses `.git` and `..` in it by itself. */
async function checkOut(mirror: Mirror, sha: string, folder: string): Promise<void> {
  const index = path.join(mirror.directory, `sluice-index-${randomBytes(6).toString('hex')}`)
  const environment = { GIT_INDEX_FILE: index }
  try {
    const written = await mirror.git(
      [`--work-tree=${folder}`, 'read-tree', '--reset', '-u', `${sha}^{tree}`],
      { environment, umask: '022' },
    )
    if (written.code !== 0) throw await writeFailure(folder, () => mirror.failure(written))
  } finally {
    await rm(index, { force: true })
  }
}

/** git does not say why it could not write a file. */
async function writeFailure(folder: string, otherwise: () => Error): Promise<Error> {
  const { bavail, ffree, files } = await statfs(folder)
  const noInodes = files > 0 && ffree === 0
  return bavail < leastBlocks || noInodes ? new SourceError('DiskFull', noRoom) : otherwise()
}

/** With so few blocks left a file may not have fitted any more. */
const leastBlocks = 256
