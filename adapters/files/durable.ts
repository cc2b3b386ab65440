import { randomBytes } from 'node:crypto'
import { link, open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'

/**
 * Replaces a file so that a crash or power loss leaves the old content or the new, never a mixture.
 * Once it resolves the new content survives a power loss. The folder must exist.
 */
export async function writeDurable(
  file: string,
  data: string | Uint8Array,
  { mode = 0o644 }: { mode?: number } = {},
): Promise<void> {
  const temporary = await writeBeside(file, data, mode)
  try {
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(path.dirname(file))
}

/**
 * As `writeDurable`, but never replaces: of several that call at the same moment exactly one wins.
 * @returns false when the file was there already.
 */
export async function createDurable(
  file: string,
  data: string | Uint8Array,
  { mode = 0o644 }: { mode?: number } = {},
): Promise<boolean> {
  const temporary = await writeBeside(file, data, mode)
  try {
    // A link fails when the name is taken, as O_EXCL does, but shows the file only once it is complete.
    await link(temporary, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(temporary, { force: true })
  }
  await syncDirectory(path.dirname(file))
  return true
}

/** The parsed content; undefined when there is no such file. @throws SyntaxError when it is not JSON. */
export async function readJsonIfThere<T>(file: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Makes folders survive that a recursive `mkdir` made; `first` is what it answered. Best after a file in them was
 * synced: then most file systems have nothing left to do.
 */
export async function syncAbove(folder: string, first: string | undefined): Promise<void> {
  if (first === undefined) return
  for (let at = path.dirname(folder); at.length >= path.dirname(first).length; at = path.dirname(at)) {
    await syncDirectory(at)
    if (at === path.dirname(at)) return
  }
}

/** Makes renames, creations and removals in a folder survive a power loss. */
export const syncDirectory = (directory: string): Promise<void> => syncFile(directory)

/** Makes the content of a file survive a power loss; its name does once its folder is synced too. */
export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function writeBeside(file: string, data: string | Uint8Array, mode: number): Promise<string> {
  const temporary = `${file}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`
  const handle = await open(temporary, 'wx', mode)
  try {
    // The umask may have taken bits away.
    await handle.chmod(mode)
    await handle.writeFile(data)
    await handle.sync()
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  } finally {
    await handle.close()
  }
  return temporary
}
