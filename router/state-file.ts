import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import path from 'node:path'
import type { RouteBook } from './route-book.ts'
import { emptyBook } from './route-book.ts'

const format = 1

/**
 * The book on disk, twice. A crash at any moment leaves a whole one: a change is written beside it, synced and
 * renamed into place. What damages the file later meets the copy, which is written when the change is answered.
 */
export interface StateFile {
  load(): Promise<Loaded>
  /** Durable once it resolves. */
  save(book: RouteBook): Promise<void>
  /** Brings the copy up to what was saved. */
  saveCopy(book: RouteBook): Promise<void>
}

export interface Loaded {
  book: RouteBook
  from: 'state' | 'copy' | 'nothing'
  /** Why the state file itself could not be used. */
  fault?: string
  /** The file and its copy are both whole, and the same. */
  twice: boolean
}

export function stateFile(file: string): StateFile {
  const copy = `${file}.copy`
  const folder = path.dirname(file)

  async function replace(target: string, text: string): Promise<void> {
    const temporary = `${target}.${process.pid}.tmp`
    const handle = await open(temporary, 'w', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, target)
  }

  async function syncFolder(): Promise<void> {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }

  async function write(target: string, book: RouteBook): Promise<void> {
    await replace(target, encode(book))
    await syncFolder()
  }

  async function hasCopyOf(book: RouteBook): Promise<boolean> {
    const second = await read(copy).catch(() => undefined)
    return second?.book !== undefined && encode(second.book) === encode(book)
  }

  return {
    async load() {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const current = await read(file)
      if (current.book) return { book: current.book, from: 'state', twice: await hasCopyOf(current.book) }
      const second = await read(copy)
      if (second.book) return { book: second.book, from: 'copy', fault: current.fault, twice: false }
      const nothing = { book: emptyBook, from: 'nothing', twice: true } as const
      if (current.fault === absent && second.fault === absent) return nothing
      if (current.fault !== absent) await rename(file, `${file}.unreadable`)
      return { ...nothing, fault: `${current.fault}; ${second.fault}` }
    },

    save: (book) => write(file, book),
    saveCopy: (book) => write(copy, book),
  }
}

const absent = 'absent'

type Reading = { book: RouteBook; fault?: undefined } | { book?: undefined; fault: string }

/** @throws when the file is there but cannot be read: that is not the same as having no routes. */
async function read(file: string): Promise<Reading> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { fault: absent }
    throw error
  }
  try {
    return { book: decode(text) }
  } catch (error) {
    return { fault: `${file}: ${(error as Error).message}` }
  }
}

function encode(book: RouteBook): string {
  return `${JSON.stringify({ format, checksum: checksumOf(book), book })}\n`
}

/** @throws when the text is torn, tampered with or of another format. */
export function decode(text: string): RouteBook {
  const content = JSON.parse(text) as { format?: unknown; checksum?: unknown; book?: RouteBook }
  if (content.format !== format) throw new Error(`format ${String(content.format)} is not ${format}`)
  if (!content.book || content.checksum !== checksumOf(content.book))
    throw new Error('the checksum does not match')
  return content.book
}

const checksumOf = (book: RouteBook) => createHash('sha256').update(JSON.stringify(book)).digest('hex')
