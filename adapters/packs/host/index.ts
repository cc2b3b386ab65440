import { createHash } from 'node:crypto'
import { execFile } from 'node:child_process'
import { access, rename, rm, stat, utimes } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Packs, PackAddress } from '../../../ports/packs.ts'
import { SourceError, type Source } from '../../../ports/source.ts'
import { syncDirectory } from '../../files/durable.ts'
import { makePassages } from '../../process/service-folders.ts'
import { Turns } from '../../process/turns.ts'
import { gitSource, type GitSourceOptions } from '../../source/git/index.ts'
import { localGitFolder } from '../../source/git/local-repository.ts'
import { unpackArchive } from './archive.ts'
import { download } from './download.ts'
import { copyFolder } from './folder.ts'
import { prune } from './prune.ts'

export interface HostPacksOptions extends Omit<GitSourceOptions, 'mirrors'> {
  /** Folder for the trees, which every service's user may pass through, and for mirrors, which none may. */
  directory: string
}

const run = promisify(execFile)

/** Puts a tree into a folder that is not there yet. */
type Fill = (folder: string) => Promise<void>

/** Buildpacks from git repositories, archives over https, and folders under the allowed roots. */
export function hostPacks(options: HostPacksOptions): Packs {
  const turns = new Turns()
  const source = gitSource({ ...options, mirrors: path.join(options.directory, 'mirrors') })
  const trees = path.join(options.directory, 'trees')
  const treeOf = (url: string, pin: string) => path.join(trees, digest(url, pin).slice(0, 40))

  const open: Packs['open'] = async (url, pin) => {
    const directory = treeOf(url, pin)
    if (!(await isThere(path.join(directory, 'bin/compile')))) return undefined
    return { directory, hasRelease: await isThere(path.join(directory, 'bin/release')) }
  }

  const keep = (url: string, pin: string, fill: Fill): Promise<string> =>
    turns.take(treeOf(url, pin), async () => {
      const directory = treeOf(url, pin)
      if (!(await open(url, pin))) {
        await makePassages(path.dirname(options.directory), [path.basename(options.directory), 'trees'])
        await makeTree(directory, fill)
      }
      const now = new Date()
      await utimes(directory, now, now)
      await prune(trees, turns)
      return pin
    })

  return {
    open,
    fetch: (address, signal) => {
      if (isArchive(address.url)) return fromArchive(options, address, keep, signal)
      return fromRepository(options, source, address, keep, signal)
    },
  }
}

const isArchive = (url: string): boolean =>
  url.startsWith('https:') && /\.(?:tgz|tar\.gz)$/.test(url.replace(/\?.*$/, ''))

async function fromArchive(
  options: HostPacksOptions,
  address: PackAddress,
  keep: (url: string, pin: string, fill: Fill) => Promise<string>,
  signal: AbortSignal,
): Promise<string> {
  const bytes = await download(options, address, signal)
  const pin = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  return keep(address.url, pin, (folder) => unpackArchive(bytes, folder))
}

async function fromRepository(
  options: HostPacksOptions,
  source: Source,
  { url, ref, credentials }: PackAddress,
  keep: (url: string, pin: string, fill: Fill) => Promise<string>,
  signal: AbortSignal,
): Promise<string> {
  const folder = await plainFolder(url, ref, options)
  if (folder !== undefined) {
    const copy = await copyFolder(folder, options.sourceRoots)
    return keep(url, copy.pin, copy.write)
  }
  // Whoever has no credentials for it must not find in a mirror what somebody else has fetched.
  const secret = credentials ? [credentials.username, credentials.password] : []
  const repository = { serviceId: `p${digest(url, ...secret).slice(0, 38)}`, url, credentials }
  const { sha } = await source.resolve(repository, ref ?? 'HEAD', signal)
  return keep(url, sha, (into) => source.export(repository, sha, into, signal))
}

/** Undefined for everything but a folder of this machine that is no git repository. */
async function plainFolder(
  url: string,
  ref: string | null,
  { sourceRoots }: HostPacksOptions,
): Promise<string | undefined> {
  if (!url.startsWith('/')) return undefined
  const isRepository = await localGitFolder(url, sourceRoots).then(
    () => true,
    () => false,
  )
  if (isRepository || (await isThere(path.join(url, '.git')))) return undefined
  if (ref === null) return url
  throw new SourceError('RefNotFound', `${url} is a plain folder, which has no branch, tag or commit ${ref}.`)
}

/** Complete or not there at all, also after a power loss. @throws SourceError when it is no buildpack */
async function makeTree(directory: string, fill: Fill): Promise<void> {
  const fresh = `${directory}.new`
  await rm(fresh, { recursive: true, force: true })
  await rm(directory, { recursive: true, force: true })
  try {
    await fill(fresh)
    const missing = await missingPrograms(fresh)
    if (missing.length > 0)
      throw new SourceError(
        'SourceRejected',
        `This is no buildpack: ${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} missing or not executable.`,
      )
    // Whatever the umask: every service's user reads it, and none may write.
    await run('chmod', ['-R', 'u=rwX,go=rX', '--', fresh])
    await run('sync', ['-f', '--', fresh])
    await rename(fresh, directory)
    await syncDirectory(path.dirname(directory))
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    throw error
  }
}

async function missingPrograms(folder: string): Promise<string[]> {
  const found = await Promise.all(
    ['bin/detect', 'bin/compile'].map(async (name) => {
      const file = await stat(path.join(folder, name)).catch(() => undefined)
      return file?.isFile() && (file.mode & 0o111) !== 0 ? [] : [name]
    }),
  )
  return found.flat()
}

const digest = (...parts: string[]): string => createHash('sha256').update(parts.join('\n')).digest('hex')

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )
