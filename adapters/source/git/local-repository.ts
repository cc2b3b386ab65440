import { readFile, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { SourceError } from '../../../ports/source.ts'

/**
 * The real git folder of a local repository, all parts of which lie under an allowed root: a link, a `.git` file
 * or an alternate that leads elsewhere would hand out what the operator did not allow.
 * @throws SourceError RepositoryUnreachable
 */
export async function localGitFolder(given: string, roots: readonly string[]): Promise<string> {
  const inside = insideOf(await Promise.all(roots.map(realOrUndefined)), given)
  const top = await inside(given)
  const gitFolder = await gitFolderOf(top, inside)
  const common = await pointerIn(path.join(gitFolder, 'commondir'))
  const shared = common === undefined ? gitFolder : await inside(path.resolve(gitFolder, common))
  const objects = await inside(path.join(shared, 'objects'))
  await checkAlternates(objects, inside, 0)
  return gitFolder
}

type Inside = (folder: string) => Promise<string>

function insideOf(roots: (string | undefined)[], given: string): Inside {
  return async (folder) => {
    const real = await realOrUndefined(folder)
    const allowed = roots.some((root) => root !== undefined && real !== undefined && isUnder(real, root))
    if (allowed) return real!
    // The same sentence whether it is there or not: a path outside the roots is nobody's business.
    throw new SourceError(
      'RepositoryUnreachable',
      `${given} is not a git repository under one of the folders in SLUICE_SOURCE_ROOTS` +
        (folder === given ? '.' : `: a part of it, ${folder}, is missing or lies outside.`),
    )
  }
}

const isUnder = (real: string, root: string) =>
  real === root || real.startsWith(root === path.sep ? root : root + path.sep)

async function gitFolderOf(top: string, inside: Inside): Promise<string> {
  const dotGit = path.join(top, '.git')
  const found = await stat(dotGit).catch(() => undefined)
  if (!found) return top // a bare repository
  if (found.isDirectory()) return inside(dotGit)
  const pointer = /^gitdir: (.+)$/.exec((await pointerIn(await inside(dotGit))) ?? '')
  return inside(pointer ? path.resolve(top, pointer[1]!) : dotGit)
}

/** git follows alternates five deep. */
async function checkAlternates(objects: string, inside: Inside, depth: number): Promise<void> {
  const listed = await readFile(path.join(objects, 'info', 'alternates'), 'utf8').catch(() => '')
  for (const line of listed.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const alternate = await inside(path.resolve(objects, line))
    if (depth < 5) await checkAlternates(alternate, inside, depth + 1)
  }
}

async function pointerIn(file: string): Promise<string | undefined> {
  return (await readFile(file, 'utf8').catch(() => undefined))?.replace(/\r?\n$/, '')
}

async function realOrUndefined(folder: string): Promise<string | undefined> {
  return realpath(folder).catch(() => undefined)
}
