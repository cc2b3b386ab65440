import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { type FileHandle, open, readFile, stat, truncate } from 'node:fs/promises'
import path from 'node:path'
import { ignoreNoSpace } from '../../../ports/no-space.ts'

/** Largest piece handed on at once. */
const pieceSize = 64 * 1024
/** What stays of the end when the rest is let go: enough for the tail of a failure. */
const keptEnd = 64 * 1024

/** The output of a job: only ever grows, so a place in it is an offset that stays right for ever. */
export class OutputFile {
  readonly path: string
  readonly #cap: number
  #noteFile: string
  /** Everything before this offset was let go. */
  #goneUpTo = 0

  constructor(file: string, cap: number) {
    this.path = file
    this.#cap = cap
    this.#noteFile = path.join(path.dirname(file), 'let-go')
  }

  /** 0 before the job has started. */
  async size(): Promise<number> {
    return (await stat(this.path).catch(() => ({ size: 0 }))).size
  }

  /** Remembers what an earlier agent let go, and finishes it: killed half-way it may have left the file too short. */
  async recall(): Promise<void> {
    const note = await readFile(this.#noteFile, 'utf8').catch(() => '0')
    this.#goneUpTo = Math.max(this.#goneUpTo, Number(note) || 0)
    if (this.#goneUpTo > (await this.size())) await truncate(this.path, this.#goneUpTo)
  }

  /** The next piece at or after `offset` and before `end`; undefined when there is none (yet). */
  async pieceAt(offset: number, end: number): Promise<{ bytes: Buffer; offset: number } | undefined> {
    const from = Math.max(offset, this.#goneUpTo)
    if (from >= end) return undefined
    const bytes = await withFile(this.path, 'r', async (handle) => {
      const buffer = Buffer.allocUnsafe(Math.min(pieceSize, end - from))
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, from)
      return buffer.subarray(0, bytesRead)
    })
    // While it was read its place may have been let go.
    if (from < this.#goneUpTo) return this.pieceAt(this.#goneUpTo, end)
    return bytes.length > 0 ? { bytes, offset: from } : undefined
  }

  /**
   * Gives the disk back what is over the cap, never stopping the writer: emptied and made as long again, the file
   * begins with a hole and those who append go on at the same offset. What is written in that instant is lost,
   * so nothing else may happen in between: all calls are synchronous. On a full disk the note waits for the room that
   * this gives.
   */
  async limit(): Promise<void> {
    if ((await this.size()) - this.#goneUpTo <= this.#cap) return
    const handle = openSync(this.path, 'r+')
    try {
      const { size } = fstatSync(handle)
      const goneUpTo = size - keptEnd
      const noted = this.#note(goneUpTo)
      this.#goneUpTo = goneUpTo
      const end = Buffer.alloc(keptEnd)
      readSync(handle, end, 0, keptEnd, goneUpTo)
      ftruncateSync(handle, 0)
      ftruncateSync(handle, size)
      const kept = hasRoom(() => writeSync(handle, end, 0, keptEnd, goneUpTo) === keptEnd)
      // Somebody else took the room first.
      if (!kept) this.#goneUpTo = size
      if (!noted || !kept) this.#note(this.#goneUpTo)
    } finally {
      closeSync(handle)
    }
  }

  /** False when there is no room for it. */
  #note(goneUpTo: number): boolean {
    return hasRoom(() => {
      writeFileSync(this.#noteFile, String(goneUpTo))
      return true
    })
  }
}

/** What `write` answers; false when it finds no room. */
function hasRoom(write: () => boolean): boolean {
  try {
    return write()
  } catch (error) {
    ignoreNoSpace(error)
    return false
  }
}

async function withFile<T>(file: string, flags: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(file, flags)
  try {
    return await use(handle)
  } finally {
    await handle.close()
  }
}
