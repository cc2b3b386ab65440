import { execFile } from 'node:child_process'
import { chmod, lstat, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { ServiceUser } from '../../../process/service-user.ts'
import { copyFolder, unshare, type Way } from './way.ts'

const execute = promisify(execFile)

export interface TakenTree {
  folders: string[]
  own: string[]
  moved: string[]
}

/** The tree is not one that can be kept; the message says why. */
export class Unkeepable extends Error {
  override name = 'Unkeepable'
}

/** Files that are copied one by one. */
const mostShared = 500

interface Taking {
  /** Top of the source, which belongs to the user of the service. */
  code: string
  folders: readonly string[]
  way: Way
  user: ServiceUser | null
}

/**
 * Takes what an install command has made into `into/tree`. The folders of the source are the user's, and other
 * processes of the user may change them meanwhile: so nothing is believed, or changed, before it has arrived where
 * they cannot enter. @throws Unkeepable
 */
export async function takeTree({ code, folders, way, user }: Taking, into: string): Promise<TakenTree> {
  const tree = path.join(into, 'tree')
  await mkdir(tree)
  const there: string[] = []
  for (const folder of folders) {
    const entry = await lstat(path.join(code, folder)).catch(() => undefined)
    if (!entry) continue
    if (!entry.isDirectory()) throw new Unkeepable(`${folder} is no folder`)
    await copyFolder(way, path.join(code, folder), path.join(tree, String(there.length)))
    there.push(folder)
  }
  if (there.length === 0) throw new Unkeepable(`${folders.join(', ')} was not made`)
  await refuseForeign(tree, user)
  const moved = await namingCode(tree, code)
  const own = way === 'link' ? await writtenInPlace(tree) : []
  if (way === 'link') {
    // A store of a package manager may hold the same file: it would be taken from it.
    const elsewhere = await found(tree, ['-type', 'f', '-links', '+2'])
    if (elsewhere.length > mostShared)
      throw new Unkeepable(`${elsewhere.length} of its files are shared with a store already`)
    for (const place of [...own, ...moved, ...elsewhere]) await unshare(path.join(tree, place))
    await lock(tree, user)
  }
  return { folders: there, own: [...new Set(own)], moved }
}

/** What the user does not own was never made by its command. */
async function refuseForeign(tree: string, user: ServiceUser | null): Promise<void> {
  const uid = user?.uid ?? process.getuid?.() ?? 0
  const kinds = ['(', '-type', 'f', '-o', '-type', 'd', '-o', '-type', 'l', ')']
  const wanted = ['(', '-uid', String(uid), ...kinds, ')']
  const [foreign] = await found(tree, ['-mindepth', '1', '!', ...wanted])
  if (foreign !== undefined) throw new Unkeepable(`${foreign} is not a file of the service user`)
}

/** Texts can be told the new place; anything else would lead to a release that is gone one day. */
async function namingCode(tree: string, code: string): Promise<string[]> {
  const [link] = await found(tree, ['-type', 'l', '-lname', `${code}/*`])
  if (link !== undefined) throw new Unkeepable(`${link} is a link into this very release`)
  // Python corrects the paths in its compiled files itself when it loads them.
  const naming = await grep(['-rlZF', '--exclude=*.pyc', '--', code, '.'], tree)
  const texts = naming.length === 0 ? [] : await grep(['-lZI', '-e', '', '--', ...naming], tree)
  const binary = naming.find((file) => !texts.includes(file))
  if (binary !== undefined) throw new Unkeepable(`${binary} holds the path of this release`)
  return texts
}

/** Folders of packages whose programs write to their own files, at the install and perhaps once more in the build. */
async function writtenInPlace(tree: string): Promise<string[]> {
  const scripted = await grep(
    ['-rlZE', '--include=package.json', '--', '"(pre|post)?install"[[:space:]]*:', '.'],
    tree,
  )
  const compiled = await found(tree, ['-type', 'f', '-name', 'binding.gyp'])
  const generated = await found(tree, ['-type', 'd', '-name', '.prisma'])
  const packages = [...scripted, ...compiled].map((file) => path.dirname(file))
  // Of the folder that holds all of it nothing would be left to link.
  return [...new Set([...packages, ...generated])].filter((folder) => folder.includes('/'))
}

/** Files that have two names: nobody but Sluice may write to them, and everybody but the service is left out. */
async function lock(tree: string, user: ServiceUser | null): Promise<void> {
  if (!user) throw new Error('files that the service owns cannot be kept from it')
  const which = [tree, '-type', 'f', '-links', '+1']
  await execute('find', [...which, '-exec', 'chown', '-h', `0:${user.gid}`, '{}', '+'])
  await execute('find', [...which, '-exec', 'chmod', 'u=rwX,g=rX,o=', '{}', '+'])
  await chmod(tree, 0o700)
}

/** Paths below the folder. */
async function found(folder: string, words: readonly string[]): Promise<string[]> {
  const { stdout } = await execute('find', ['.', ...words, '-print0'], options(folder))
  return namesOf(stdout)
}

/** Paths below the folder; grep ends with status 1 when it has found nothing. */
async function grep(words: readonly string[], folder: string): Promise<string[]> {
  try {
    return namesOf((await execute('grep', words, options(folder))).stdout)
  } catch (error) {
    if ((error as { code?: unknown }).code === 1) return []
    throw error
  }
}

const namesOf = (stdout: string): string[] =>
  stdout
    .split('\0')
    .filter((name) => name !== '')
    .map((name) => name.replace(/^\.\//, ''))

const options = (cwd: string) => ({ cwd, encoding: 'utf8', maxBuffer: 64 * 1024 ** 2 }) as const
