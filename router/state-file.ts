import { createHash } from 'node:crypto'
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { RouteBook } from './route-book.ts'
import { emptyBook } from './route-book.ts'

const format = 1

/**
 * The book on disk. A crash at any moment leaves a whole copy: a change is written beside it, synced, the copy so
 * far kept as `.previous`, and the new one renamed into place.
 */
export interface StateFile {
  /** `fault` says why the state file itself could not be used. */
  load(): Promise<{ book: RouteBook; from: 'state' | 'previous' | 'nothing'; fault?: string }>
  /** Durable once it resolves. */
  save(book: RouteBook): Promise<void>
}

export function stateFile(file: string): StateFile {
  const previous = `${file}.previous`
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

  async function keepPrevious(): Promise<void> {
    const temporary = `${previous}.${process.pid}.tmp`
    await rm(temporary, { force: true })
    try {
      await link(file, temporary)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
      throw error
    }
    await rename(temporary, previous)
    // Renaming one name of a file onto another name of the same file does nothing.
    await rm(temporary, { force: true })
  }

  return {
    async load() {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const current = await read(file)
      if (current.book) return { book: current.book, from: 'state' }
      const earlier = await read(previous)
      if (earlier.book) {
        // At once, or the next change would keep the torn copy as the previous one.
        await replace(file, encode(earlier.book))
        await syncFolder()
        return { book: earlier.book, from: 'previous', fault: current.fault }
      }
      if (current.fault === absent && earlier.fault === absent) return { book: emptyBook, from: 'nothing' }
      if (current.fault !== absent) await rename(file, `${file}.unreadable`)
      return { book: emptyBook, from: 'nothing', fault: `${current.fault}; ${earlier.fault}` }
    },

    async save(book) {
      await keepPrevious()
      await replace(file, encode(book))
      await syncFolder()
    },
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
