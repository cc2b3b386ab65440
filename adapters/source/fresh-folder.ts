import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import path from 'node:path'
import { SourceError } from '../../ports/source.ts'

/**
 * Writes a folder beside its place and then puts it there: it appears at once and complete. Safe to repeat: what
 * stands there is replaced, and what an attempt left that was cut off is removed.
 * @param bytes what it will hold; looked for before anything is written, since half a tree on a full disk helps nobody
 * @throws SourceError DiskFull
 */
export async function writeFreshFolder(
  directory: string,
  bytes: number,
  write: (fresh: string) => Promise<void>,
): Promise<void> {
  const beside = `${directory}.export-`
  await mkdir(path.dirname(directory), { recursive: true })
  await removeEarlier(beside)
  const fresh = `${beside}${randomBytes(6).toString('hex')}`
  try {
    await mkdir(fresh)
    await checkRoom(fresh, bytes)
    await write(fresh)
    await putInPlace(fresh, directory)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    throw error
  }
}

async function checkRoom(fresh: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(fresh)
  if (bytes <= bavail * bsize) return
  throw new SourceError(
    'DiskFull',
    `The code needs ${bytes} bytes, and ${path.dirname(fresh)} has ${bavail * bsize} left.`,
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
