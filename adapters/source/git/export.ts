import { chmod, chown, mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { SourceError } from '../../../ports/source.ts'
import { noRoom } from './failure.ts'
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
  const beside = `${directory}.export-`
  await mkdir(path.dirname(directory), { recursive: true })
  await removeEarlier(beside)
  const fresh = `${beside}${randomBytes(6).toString('hex')}`
  try {
    await mkdir(fresh)
    await checkRoom(
      fresh,
      entries.reduce((sum, { size }) => sum + size, 0),
    )
    await checkOut(mirror, sha, fresh)
    await putInPlace(fresh, directory)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    throw error
  }
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

/** Before anything is written: half a tree on a full disk helps nobody. */
async function checkRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bytes <= bavail * bsize) return
  throw new SourceError(
    'DiskFull',
    `The code needs ${bytes} bytes, and ${path.dirname(folder)} has ${bavail * bsize} left.`,
  )
}

/** Takes the place of the folder that was made for it, with its mode and owner. */
async function putInPlace(fresh: string, directory: string): Promise<void> {
  const place = await stat(directory).catch(() => undefined)
  await chmod(fresh, place ? place.mode & 0o777 : 0o755)
  if (place && process.getuid?.() === 0) await chown(fresh, place.uid, place.gid)
  const aside = `${fresh}-old`
  const isFull = place !== undefined && (await readdir(directory)).length > 0
  if (isFull) await rename(directory, aside)
  await rename(fresh, directory)
  if (isFull) await rm(aside, { recursive: true, force: true })
}

async function removeEarlier(beside: string): Promise<void> {
  const folder = path.dirname(beside)
  for (const name of await readdir(folder)) {
    if (name.startsWith(path.basename(beside)))
      await rm(path.join(folder, name), { recursive: true, force: true })
  }
}
