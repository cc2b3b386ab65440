import { createHash } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, readlink, realpath, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { SourceError } from '../../../ports/source.ts'
import { leavesTree } from '../../source/link.ts'

/** Buildpacks are scripts: far more than any has. */
const limits = { entries: 20_000, bytes: 256 * 1024 ** 2 } as const

type Entry =
  | { kind: 'folder'; name: string }
  | { kind: 'file'; name: string; content: Buffer; executable: boolean }
  | { kind: 'link'; name: string; target: string }

/**
 * A folder under one of the roots as it is now, with a pin that is the same as long as nothing in it changes.
 * @throws SourceError
 */
export async function copyFolder(
  given: string,
  roots: readonly string[],
): Promise<{ pin: string; write(folder: string): Promise<void> }> {
  const entries = await entriesOf(await realUnder(given, roots))
  const links = new Map(
    entries.flatMap((one) => (one.kind === 'link' ? [[one.name, one.target] as const] : [])),
  )
  for (const name of links.keys())
    if (leavesTree(name, links))
      throw new SourceError('SourceRejected', `The link ${name} in ${given} leads out of the folder.`)
  const hash = createHash('sha256')
  for (const entry of entries) hash.update(factsOf(entry))
  return {
    pin: `sha256:${hash.digest('hex')}`,
    write: async (folder) => {
      await mkdir(folder, { mode: 0o755 })
      for (const entry of entries) await write(folder, entry)
    },
  }
}

async function realUnder(given: string, roots: readonly string[]): Promise<string> {
  const real = await realpath(given).catch(() => undefined)
  const allowed = await Promise.all(roots.map((root) => realpath(root).catch(() => undefined)))
  const isUnder = (root: string | undefined) =>
    root !== undefined && real !== undefined && (real === root || real.startsWith(`${root}${path.sep}`))
  if (real !== undefined && allowed.some(isUnder) && (await lstat(real)).isDirectory()) return real
  // The same sentence whether it is there or not: a path outside the roots is nobody's business.
  throw new SourceError(
    'RepositoryUnreachable',
    `${given} is not a folder under one of the folders in SLUICE_SOURCE_ROOTS.`,
  )
}

async function entriesOf(top: string): Promise<Entry[]> {
  const entries: Entry[] = []
  let bytes = 0
  for (const name of (await readdir(top, { recursive: true })).toSorted()) {
    const file = path.join(top, name)
    const found = await lstat(file)
    if (found.isFile()) bytes += found.size
    if (entries.length >= limits.entries || bytes > limits.bytes)
      throw new SourceError('SourceRejected', `${top} is larger than a buildpack may be (256 MiB).`)
    if (found.isDirectory()) entries.push({ kind: 'folder', name })
    else if (found.isSymbolicLink()) entries.push({ kind: 'link', name, target: await readlink(file) })
    else if (found.isFile())
      entries.push({
        kind: 'file',
        name,
        content: await readFile(file),
        executable: (found.mode & 0o111) !== 0,
      })
    else throw new SourceError('SourceRejected', `${name} in ${top} is neither a file nor a folder.`)
  }
  return entries
}

function factsOf(entry: Entry): string {
  const more =
    entry.kind === 'file'
      ? [entry.executable, createHash('sha256').update(entry.content).digest('hex')]
      : entry.kind === 'link'
        ? [entry.target]
        : []
  return `${JSON.stringify([entry.kind, entry.name, ...more])}\n`
}

async function write(folder: string, entry: Entry): Promise<void> {
  const file = path.join(folder, entry.name)
  if (entry.kind === 'folder') await mkdir(file, { mode: 0o755 })
  else if (entry.kind === 'link') await symlink(entry.target, file)
  else await writeFile(file, entry.content, { mode: entry.executable ? 0o755 : 0o644 })
}
