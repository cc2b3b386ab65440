import { access, mkdir, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type ReadEntry, unpack } from './tar.ts'
import { SourceError } from '../../../ports/source.ts'

const limits = { entries: 20_000, bytes: 512 * 1024 ** 2 } as const
const allowed = new Set(['File', 'OldFile', 'ContiguousFile', 'Directory', 'SymbolicLink'])

/** Unpacks a `.tgz` of a buildpack, whose files lie at its top or in its one folder. @throws SourceError SourceRejected */
export async function unpackArchive(bytes: Buffer, folder: string): Promise<void> {
  const inside = `${folder}.in`
  await rm(inside, { recursive: true, force: true })
  await mkdir(inside, { mode: 0o755 })
  try {
    await extract(bytes, inside)
    await rename(await topOf(inside), folder)
  } finally {
    await rm(inside, { recursive: true, force: true })
  }
}

/** What a filter throws would end the process, so it notes and leaves out; one refused entry refuses all. */
async function extract(bytes: Buffer, folder: string): Promise<void> {
  const seen = { entries: 0, bytes: 0, refused: undefined as string | undefined }
  const filter = (name: string, entry: ReadEntry): boolean => {
    seen.entries += 1
    seen.bytes += entry.size
    seen.refused ??= whyRefused(name, entry)
    if (seen.entries > limits.entries || seen.bytes > limits.bytes)
      seen.refused ??= 'holds more than a buildpack may (20,000 entries, 512 MiB)'
    // No set-uid, and nothing that others may write.
    if (entry.mode !== undefined) entry.mode &= 0o755
    return seen.refused === undefined
  }
  try {
    await pipeline(Readable.from([bytes]), unpack(folder, filter))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw error
    throw new SourceError('SourceRejected', `The archive cannot be unpacked: ${(error as Error).message}`)
  }
  if (seen.refused !== undefined)
    throw new SourceError('SourceRejected', `The archive is refused: it ${seen.refused}.`)
}

function whyRefused(name: string, { type, linkpath }: ReadEntry): string | undefined {
  const shown = JSON.stringify(name.slice(0, 200))
  if (!allowed.has(type)) return `holds ${shown}, which is neither a file, a folder nor a link`
  if (/\p{Cc}/u.test(name)) return `holds a control character in the name ${shown}`
  if (path.isAbsolute(name) || name.split('/').includes('..')) return `holds the path ${shown}`
  if (type !== 'SymbolicLink') return undefined
  const target = path.posix.normalize(path.posix.join(path.posix.dirname(name), linkpath ?? ''))
  if (path.isAbsolute(linkpath ?? '') || target.split('/')[0] === '..')
    return `holds the link ${shown}, which leads out of it`
  return undefined
}

async function topOf(folder: string): Promise<string> {
  const isPack = (one: string) =>
    access(path.join(one, 'bin')).then(
      () => true,
      () => false,
    )
  if (await isPack(folder)) return folder
  const names = await readdir(folder)
  const only = path.join(folder, names[0] ?? '')
  if (names.length === 1 && (await isPack(only))) return only
  throw new SourceError('SourceRejected', 'The archive is no buildpack: it has no bin folder.')
}
