import { realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { RepositoryUrlError } from './repository-url.ts'

/**
 * The real path of a local repository. Links are followed first: one that leads out of the roots is refused.
 * @throws RepositoryUrlError
 */
export async function localRepository(given: string, roots: readonly string[]): Promise<string> {
  const real = await realFolder(given)
  const realRoots = await Promise.all(roots.map((root) => realFolder(path.resolve(root))))
  const allowed = realRoots.some((root) => root !== undefined && real !== undefined && isInside(real, root))
  // The same answer for "not there" and "not allowed": this is no way to explore the disk.
  if (real === undefined || !allowed) {
    throw new RepositoryUrlError(
      'The url is not a folder under one of the allowed roots. Name its parent folder in SLUICE_SOURCE_ROOTS to allow it.',
    )
  }
  return real
}

async function realFolder(folder: string): Promise<string | undefined> {
  try {
    const real = await realpath(folder)
    return (await stat(real)).isDirectory() ? real : undefined
  } catch {
    return undefined
  }
}

function isInside(folder: string, root: string): boolean {
  const relative = path.relative(root, folder)
  return (
    relative === '' ||
    (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative))
  )
}
