import { lchown, open, readdir } from 'node:fs/promises'
import { constants } from 'node:fs'
import path from 'node:path'
import type { ServiceUser } from '../../process/service-user.ts'

/** With more files than this, one process for all of them is quicker than a call for each. */
const few = 40

/** A tree of few files, which is dealt with file by file: each of the programs that do it for a whole tree costs 5 ms. */
export class SmallTree {
  readonly #folders: string[]
  readonly #files: string[]
  readonly #links: string[]

  private constructor(folders: string[], files: string[], links: string[]) {
    this.#folders = folders
    this.#files = files
    this.#links = links
  }

  /** Undefined when it is none. */
  static async of(folder: string): Promise<SmallTree | undefined> {
    const [folders, files, links] = [[folder], [] as string[], [] as string[]]
    for (const at of folders) {
      for (const entry of await readdir(at, { withFileTypes: true })) {
        const list = entry.isDirectory() ? folders : entry.isFile() ? files : links
        list.push(path.join(at, entry.name))
      }
      if (folders.length + files.length + links.length > few) return undefined
    }
    return new SmallTree(folders, files, links)
  }

  /** The top last: until then nobody but Sluice can come in. Links themselves, never what they lead to. */
  async giveTo({ uid, gid }: ServiceUser): Promise<void> {
    for (const each of [...this.#files, ...this.#links, ...this.#folders.toReversed()])
      await lchown(each, uid, gid)
  }

  /** Resolves once all of it survives a power loss, but for the name of its top. */
  async sync(): Promise<void> {
    await Promise.all([...this.#files, ...this.#folders].map(syncPlain))
  }
}

async function syncPlain(file: string): Promise<void> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
