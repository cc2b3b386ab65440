import { ArchiveError } from '../../../ports/archives.ts'
import { leavesTree } from '../link.ts'
import { shownPath, type ArchiveEntry } from './entry.ts'
import { isLeftOut, plainParts } from './plain-name.ts'

/** An entry that may be deployed, under the path that it gets. */
export interface CheckedEntry {
  path: string
  kind: 'file' | 'directory' | 'link' | 'hardLink'
  executable: boolean
  /** Bytes of a file. */
  size: number
  /** Of a link: as it stands there. Of a hard link: the path of the file. */
  target?: string
}

interface Noted extends CheckedEntry {
  parts: string[]
}

/** Takes the entries of an archive one by one, and answers for all of them at the end. */
export class EntryCheck {
  /** By the entry's place in the archive; undefined for one that is left out. */
  readonly #noted: (Noted | undefined)[] = []

  /** @throws ArchiveError that names the entry */
  add(entry: ArchiveEntry): void {
    const parts = plainParts(entry.path)
    const { kind } = entry
    if (kind === 'other')
      throw rejected(entry.path, `is ${special(entry)}. Only files, folders and links are deployed.`)
    const target = kind === 'hardLink' ? plainParts(entry.target ?? '').join('/') : entry.target
    const skipped = parts.length === 0 || isLeftOut(parts)
    this.#noted.push(
      skipped
        ? undefined
        : {
            ...{ parts, path: parts.join('/'), kind, size: 0, executable: (entry.mode & 0o111) !== 0 },
            ...(target === undefined ? {} : { target }),
          },
    )
  }

  /** More content of the entry that was added last. */
  grow(bytes: number): void {
    const last = this.#noted.at(-1)
    if (last) last.size += bytes
  }

  /** Where each entry goes, by its place in the archive. @throws ArchiveError that names the entry */
  finish(): (CheckedEntry | undefined)[] {
    const kept = this.#noted.filter((one) => one !== undefined)
    if (!kept.some(({ kind }) => kind !== 'directory'))
      throw new ArchiveError('malformed', 'The archive is empty: it holds no file that could be deployed.')
    checkHardLinks(kept)
    const top = commonTop(kept)
    for (const one of kept) strip(one, top)
    checkPlaces(kept)
    checkLinks(kept)
    return this.#noted.map((one) => (one === undefined || one.path === '' ? undefined : one))
  }
}

const special = ({ what = '' }: ArchiveEntry): string =>
  ({
    FIFO: 'a named pipe',
    CharacterDevice: 'a device',
    BlockDevice: 'a device',
  })[what] ?? (what.startsWith('a ') ? what : `of the kind ${what}`)

/** A hard link is one more name of a file before it; it is written as a copy. */
function checkHardLinks(kept: readonly Noted[]): void {
  const files = new Set<string>()
  for (const { path, kind, target } of kept) {
    if (kind === 'hardLink' && !files.has(target!))
      throw rejected(
        path,
        `is a hard link to ${shownPath(target!)}, which is no file before it in the archive.`,
      )
    if (kind === 'file' || kind === 'hardLink') files.add(path)
  }
}

/**
 * Parts that stand before everything: one folder as most archives have, or a module's `path@version` as a module zip
 * of Go has.
 */
function commonTop(kept: readonly Noted[]): number {
  const files = kept.filter(({ kind }) => kind !== 'directory')
  const first = files[0]!.parts
  const versioned = first.findIndex((part) => /.@v\d/.test(part)) + 1
  const isCommon = (count: number) => {
    const prefix = first.slice(0, count).join('/')
    const inside = (path: string) => path === prefix || path.startsWith(`${prefix}/`)
    return (
      files.every(({ path }) => path.startsWith(`${prefix}/`)) &&
      kept.every(({ path }) => inside(path) || prefix.startsWith(`${path}/`))
    )
  }
  if (versioned > 0 && isCommon(versioned)) return versioned
  return isCommon(1) ? 1 : 0
}

function strip(one: Noted, top: number): void {
  one.path = one.parts.slice(top).join('/')
  if (one.kind === 'hardLink') one.target = one.target!.split('/').slice(top).join('/')
}

/** One thing per place, also where large and small letters are the same, and nothing behind a file or a link. */
function checkPlaces(kept: readonly Noted[]): void {
  const places = new Map<string, { path: string; isFolder: boolean }>()
  const take = (path: string, isFolder: boolean, entry: string) => {
    const key = path.normalize('NFC').toLowerCase()
    const there = places.get(key)
    if (there === undefined) places.set(key, { path, isFolder })
    else if (there.path !== path)
      throw rejected(entry, `and ${shownPath(there.path)} are the same name where case does not count.`)
    else if (!there.isFolder || !isFolder)
      throw rejected(
        entry,
        there.isFolder || isFolder
          ? 'goes through something that is not a folder.'
          : 'is in the archive twice.',
      )
  }
  for (const { path, kind } of kept) {
    if (path === '') continue
    const parts = path.split('/')
    for (let depth = 1; depth < parts.length; depth++) take(parts.slice(0, depth).join('/'), true, path)
    take(path, kind === 'directory', path)
  }
}

function checkLinks(kept: readonly Noted[]): void {
  const links = new Map(
    kept.flatMap(({ path, kind, target }) => (kind === 'link' ? [[path, target ?? '/'] as const] : [])),
  )
  for (const [path, target] of links) {
    if (/\0/.test(target) || target === '') throw rejected(path, 'is a symbolic link without a target.')
    if (leavesTree(path, links)) throw rejected(path, 'is a symbolic link that leads out of the archive.')
  }
}

const rejected = (path: string, why: string) => new ArchiveError('rejected', `${shownPath(path)} ${why}`)
