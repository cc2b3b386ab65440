import { constants, copyFile, mkdir, open, symlink, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import type { CheckedEntry } from './checked.ts'
import { partsOf, type Inspected } from './inspect.ts'

/**
 * Writes an archive that was inspected into an empty folder that nobody else writes to. Files are 0644 or 0755,
 * whatever else the archive asked for.
 */
export async function unpack(
  file: string,
  inspected: Inspected,
  directory: string,
  signal?: AbortSignal,
): Promise<void> {
  if (inspected.layout === 'program') {
    await copyFile(file, path.join(directory, inspected.file), constants.COPYFILE_FICLONE)
    return
  }
  const links: CheckedEntry[] = []
  let at = -1
  let output: FileHandle | undefined
  try {
    for await (const part of partsOf(file, inspected.format)) {
      signal?.throwIfAborted()
      if ('chunk' in part) {
        await output?.writeFile(part.chunk)
        continue
      }
      await output?.close()
      output = undefined
      const entry = inspected.entries[++at]
      if (!entry) continue
      const place = path.join(directory, entry.path)
      if (entry.kind === 'directory') await mkdir(place, { recursive: true })
      else if (entry.kind === 'file') output = await create(place, entry)
      else links.push(entry)
    }
  } finally {
    await output?.close()
  }
  await writeLinks(directory, links)
}

async function create(place: string, { executable }: CheckedEntry): Promise<FileHandle> {
  await mkdir(path.dirname(place), { recursive: true })
  // Exclusive: nothing that stands there is ever written through.
  const output = await open(place, 'wx')
  try {
    await output.chmod(executable ? 0o755 : 0o644)
    return output
  } catch (error) {
    await output.close()
    throw error
  }
}

/** Last, so that no file is ever written through one. */
async function writeLinks(directory: string, links: readonly CheckedEntry[]): Promise<void> {
  for (const { path: where, kind, target } of links) {
    const place = path.join(directory, where)
    await mkdir(path.dirname(place), { recursive: true })
    if (kind === 'link') await symlink(target!, place)
    else await copyFile(path.join(directory, target!), place, constants.COPYFILE_EXCL)
  }
}
