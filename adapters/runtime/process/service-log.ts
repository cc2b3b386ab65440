import { open, rename, stat, truncate } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { defaults } from '../../../contract/defaults.ts'
import { lastShown, tailOf } from '../../process/output-tail.ts'
import type { InstanceFolder } from './instance-folder.ts'

/** Longest line handed on; a longer one comes in parts. */
const longestLine = 16 * 1024
const pieceSize = 64 * 1024

/** The output of a running service: `output`, and `output.1` with what was in it before it was cut. */
export async function logTail(folder: InstanceFolder, bytes: number): Promise<string> {
  const newer = await tailOf(folder.output, bytes)
  const left = bytes - Buffer.byteLength(newer)
  return left > 0 ? (await tailOf(folder.earlierOutput, left)) + newer : newer
}

/**
 * Keeps the two files within the cap. The service has the first one open for appending and is never stopped:
 * its end is copied, then it is emptied. What is written in that instant may be lost.
 */
export async function trimLog(folder: InstanceFolder, cap: number = defaults.serviceLogCap): Promise<void> {
  const half = Math.floor(cap / 2)
  if ((await sizeOf(folder.output)) <= half) return
  const copy = `${folder.earlierOutput}.new`
  await copyEnd(folder.output, copy, half)
  await rename(copy, folder.earlierOutput)
  await truncate(folder.output, 0)
}

/** Lines as they come, after the last `lines` that are there. Ends when the signal aborts or the file is gone. */
export async function* followLog(
  folder: InstanceFolder,
  { lines, signal }: { lines: number; signal: AbortSignal },
): AsyncGenerator<string> {
  let position = await sizeOf(folder.output)
  const before = (await logTail(folder, lines * longestLine > 1024 * 1024 ? 1024 * 1024 : lines * longestLine)).split('\n')
  // A line that is not finished yet comes as soon as it is.
  let open = before.pop() ?? ''
  if (lines > 0) yield* before.slice(-lines)
  const decoder = new TextDecoder()
  while (!signal.aborted) {
    const read = await readOn(folder, position)
    if (!read) break
    position = read.position
    const parts = (open + decoder.decode(read.bytes, { stream: true })).split('\n')
    open = parts.pop()!
    for (; open.length > longestLine; open = open.slice(longestLine)) parts.push(open.slice(0, longestLine))
    for (const line of parts) yield lastShown(line).replaceAll('\0', '')
    if (read.bytes.length === 0) await sleep(200, undefined, { signal }).catch(() => {})
  }
  if (open) yield lastShown(open)
}

/** The next piece after `position`; undefined when the file is gone. A file that became shorter was cut. */
async function readOn(folder: InstanceFolder, position: number) {
  const size = await sizeOf(folder.output)
  if (size < 0) return undefined
  if (size >= position) return readPiece(folder.output, position)
  const rest = await readPiece(folder.earlierOutput, position)
  return rest.bytes.length > 0 ? { bytes: rest.bytes, position } : { bytes: rest.bytes, position: 0 }
}

async function readPiece(file: string, position: number): Promise<{ bytes: Buffer; position: number }> {
  const handle = await open(file, 'r').catch(() => undefined)
  if (!handle) return { bytes: Buffer.alloc(0), position }
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(pieceSize), 0, pieceSize, position)
    return { bytes: buffer.subarray(0, bytesRead), position: position + bytesRead }
  } finally {
    await handle.close()
  }
}

async function copyEnd(from: string, to: string, bytes: number): Promise<void> {
  const source = await open(from, 'r')
  const target = await open(to, 'w', 0o600)
  try {
    const piece = Buffer.alloc(pieceSize)
    let position = Math.max(0, (await source.stat()).size - bytes)
    for (const end = position + bytes * 2; position < end; ) {
      const { bytesRead } = await source.read(piece, 0, pieceSize, position)
      if (bytesRead === 0) break
      await target.write(piece, 0, bytesRead)
      position += bytesRead
    }
  } finally {
    await source.close()
    await target.close()
  }
}

/** -1 when there is no such file. */
async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => ({ size: -1 }))).size
}
