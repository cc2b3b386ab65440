import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { readJsonIfThere, syncDirectory, writeDurable } from '../../../files/durable.ts'
import { syncFileSystem } from '../../../files/file-system.ts'
import type { Facts } from './facts.ts'
import { removeTree } from './remove-tree.ts'
import type { Way } from './way.ts'

/** What is known of a kept tree; written last, so that its presence proves that the tree is whole. */
export interface TreeRecord {
  facts: Facts
  way: Way
  /** Release that it was made in, and where its code lay. */
  release: number
  code: string
  /** Folders of the plan that were there, in the order in which they are kept: `tree/0`, `tree/1` … */
  folders: string[]
  /** Below `tree`: folders that are copied whatever the way, since programs of theirs write to them. */
  own: string[]
  /** Below `tree`: texts that name `code`. */
  moved: string[]
}

export interface KeptTree {
  folder: string
  record: TreeRecord
}

/** Trees of an environment; what was used last counts most. */
const mostKept = 3

/** What is half made or left over is called so. */
const passing = /^\.(?:new|stage)-/
/** Milliseconds after which such a folder belongs to nobody any more: no install may take that long. */
const forgottenAfter = 24 * 60 * 60_000

/** The trees of one environment, in a folder that only Sluice can list. */
export class KeptTrees {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  async find(key: string): Promise<KeptTree | undefined> {
    const folder = path.join(this.folder, key)
    const record = await readJsonIfThere<TreeRecord>(recordIn(folder)).catch(() => undefined)
    return record && { folder, record }
  }

  /** The one that was used last. */
  async last(): Promise<KeptTree | undefined> {
    const [key] = await this.#byUse()
    return key === undefined ? undefined : this.find(key)
  }

  /** An empty folder that nobody but Sluice can enter. */
  async place(kind: 'new' | 'stage'): Promise<string> {
    const folder = path.join(this.folder, `.${kind}-${randomUUID()}`)
    await mkdir(folder, { mode: 0o700 })
    return folder
  }

  /** Makes what lies in `folder` the tree of this key. One that is there already stays. */
  async keep(key: string, folder: string, record: TreeRecord): Promise<void> {
    await syncFileSystem(folder)
    await writeDurable(recordIn(folder), JSON.stringify(record), { mode: 0o600 })
    await rename(folder, path.join(this.folder, key)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
    await syncDirectory(this.folder)
  }

  /** Notes why there is none of this key; only to be told. */
  async refuse(key: string, why: string): Promise<void> {
    await writeFile(this.#refusal, JSON.stringify({ key, why }), { mode: 0o600 }).catch(() => {})
  }

  /** Why what was made from this key last time was not kept. */
  async refusal(key: string): Promise<string | undefined> {
    const noted = await readJsonIfThere<{ key: string; why: string }>(this.#refusal).catch(() => undefined)
    return noted?.key === key ? noted.why : undefined
  }

  async used(key: string): Promise<void> {
    const now = new Date()
    await utimes(path.join(this.folder, key), now, now)
  }

  /** Removes the trees that were used least lately, and what attempts that died have left. */
  async tidy(): Promise<void> {
    const names = await readdir(this.folder).catch(() => [])
    const surplus = (await this.#byUse()).slice(mostKept)
    for (const name of names.filter((one) => passing.test(one))) {
      const { mtimeMs } = await stat(path.join(this.folder, name)).catch(() => ({ mtimeMs: Date.now() }))
      if (Date.now() - mtimeMs > forgottenAfter) surplus.push(name)
    }
    for (const name of surplus) await removeTree(path.join(this.folder, name))
  }

  get #refusal(): string {
    return path.join(this.folder, 'refusal.json')
  }

  /** Keys, the last used first. */
  async #byUse(): Promise<string[]> {
    const names = (await readdir(this.folder).catch(() => [])).filter((name) => /^[0-9a-f]{64}$/.test(name))
    const used = names.map(async (name) => ({
      name,
      at: await stat(path.join(this.folder, name)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    }))
    return (await Promise.all(used)).toSorted((a, b) => b.at - a.at).map(({ name }) => name)
  }
}

const recordIn = (folder: string): string => path.join(folder, 'tree.json')
