import { readdir } from 'node:fs/promises'

/**
 * Relative paths of all that lies `levels` below a folder. What vanishes meanwhile is left out, and it alone: a recursive
 * `readdir` fails as a whole when any of the folders is removed while it looks. Only what is absent counts as empty.
 * Nothing is looked for in folders whose names begin with a dot: what Sluice keeps beside its folders of services.
 * @throws Error when a folder that is there cannot be read
 */
export async function entriesAt(folder: string, levels = 1): Promise<string[]> {
  const entries = await readdir(folder).catch(emptyIfAbsent)
  if (levels === 1) return entries
  const below = await Promise.all(
    entries.map(async (entry) =>
      entry.startsWith('.')
        ? []
        : (await entriesAt(`${folder}/${entry}`, levels - 1)).map((name) => `${entry}/${name}`),
    ),
  )
  return below.flat()
}

/** Of a folder that could not be read: one that is there may hold anything, and nobody may take it for empty. */
export function emptyIfAbsent(error: NodeJS.ErrnoException): never[] {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
  throw error
}
