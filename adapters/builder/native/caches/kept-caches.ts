import { execFile } from 'node:child_process'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { isInUse, lastUsed, modified } from './in-use.ts'

const execute = promisify(execFile)

/** One folder that can be removed by itself: what is in it is fetched, or made, again. */
export interface KeptCache {
  /** `<service>/<environment>/cache/npm` */
  id: string
  serviceId: string
  folder: string
  bytes: number
  /** Milliseconds since 1970. */
  usedAt: number
  /** A job works with it, or releases run from it. */
  inUse: boolean
}

/** Every cache below the folder of all of them. Nothing is followed out of it. */
export async function keptCaches(caches: string): Promise<KeptCache[]> {
  const found: KeptCache[] = []
  for (const serviceId of await foldersIn(caches))
    for (const environment of await foldersIn(path.join(caches, serviceId)))
      found.push(...(await ofEnvironment(caches, serviceId, environment)))
  return found
}

async function ofEnvironment(caches: string, serviceId: string, environment: string): Promise<KeptCache[]> {
  const own = path.join(caches, serviceId, environment)
  const [busy, usedAt] = await Promise.all([isInUse(own), lastUsed(own)])
  const found: KeptCache[] = []
  for (const kind of ['cache', 'trees'] as const)
    for (const name of await foldersIn(path.join(own, kind))) {
      const folder = path.join(own, kind, name)
      found.push({
        id: [serviceId, environment, kind, name].join('/'),
        serviceId,
        folder,
        bytes: await bytesOf(folder),
        usedAt: kind === 'trees' ? await modified(folder) : usedAt,
        inUse: busy || (await isRunFrom(folder)),
      })
    }
  return found
}

/** Yarn's Plug'n'Play runs from the archives in its cache. */
const isRunFrom = async (folder: string): Promise<boolean> =>
  path.basename(folder) === 'yarn' && (await readdir(folder)).some((name) => name.endsWith('.zip'))

/** What Sluice itself moves out of the way begins with a dot. */
async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name)
}

/** On the disk. At the lowest priority: it looks at every file, and nobody waits for it. */
async function bytesOf(folder: string): Promise<number> {
  try {
    const { stdout } = await execute('nice', ['-n', '19', 'du', '-skx', '--', folder])
    return Number.parseInt(stdout, 10) * 1024
  } catch (error) {
    // Gone meanwhile, or files in it are: the next look sees the rest.
    if (await stat(folder).catch(() => undefined)) return firstNumber(error) * 1024
    return 0
  }
}

/** What could be read is counted all the same. */
const firstNumber = (error: unknown): number =>
  Number.parseInt((error as { stdout?: string }).stdout ?? '', 10) || 0
