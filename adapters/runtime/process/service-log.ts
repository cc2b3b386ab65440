import { constants, fstatSync, ftruncateSync, readSync, writeFileSync } from 'node:fs'
import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { defaults } from '../../../contract/defaults.ts'
import { ignoreNoSpace, isNoSpace } from '../../../ports/no-space.ts'
import { lastShown, tailOf } from '../../process/output-tail.ts'
import type { InstanceFolder } from './instance-folder.ts'

/** Longest line handed on; a longer one comes in parts. */
const longestLine = 16 * 1024
const pieceSize = 64 * 1024
/** Bytes that may come between the copy and the cut without being lost. */
const lastMoment = 1024 * 1024

/** The output of a running service: `output`, and `output.1` with what was in it before it was cut. */
export async function logTail(folder: InstanceFolder, bytes: number): Promise<string> {
  const newer = await tailOf(folder.output, bytes)
  const left = bytes - Buffer.byteLength(newer)
  return left > 0 ? (await tailOf(folder.earlierOutput, left)) + newer : newer
}

/**
 * Keeps the two files within the cap. The service has the first one open for appending and is never stopped:
 * its end is copied, then it is emptied; without a copy on a full disk, which needs the room. Answers how large the
 * first one was.
 */
export async function trimLog(folder: InstanceFolder, cap: number = defaults.serviceLogCap): Promise<number> {
  const half = Math.floor(cap / 2)
  const size = await sizeOf(folder.output)
  if (size <= half) return size
  const source = await open(folder.output, constants.O_RDWR | constants.O_APPEND)
  try {
    // Room for what comes while this copies.
    const start = size - Math.max(0, half - lastMoment)
    await keepEnd(folder, source, start, size)
  } catch (error) {
    if (!isNoSpace(error)) throw error
    await rm(copyOf(folder), { force: true })
    // What is left of an earlier copy is not what a reader has missed.
    await rm(startFile(folder), { force: true })
    emptyWithoutCopy(source.fd)
  } finally {
    await source.close()
  }
  return size
}

/** Empties the file once its end is in the copy. */
async function keepEnd(folder: InstanceFolder, source: FileHandle, start: number, end: number) {
  const target = await open(copyOf(folder), 'w', 0o600)
  try {
    const position = await copyOn(source, target, start, end)
    await writeFile(startFile(folder), String(start))
    await rename(copyOf(folder), folder.earlierOutput)
    emptyNow(source.fd, target.fd, position)
  } finally {
    await target.close()
  }
}

/** Lines as they come, after the last `lines` that are there. Ends when the signal aborts or the file is gone. */
export async function* followLog(
  folder: InstanceFolder,
  { lines, signal }: { lines: number; signal: AbortSignal },
): AsyncGenerator<string> {
  let position = await sizeOf(folder.output)
  const before = (
    await logTail(folder, lines * longestLine > 1024 * 1024 ? 1024 * 1024 : lines * longestLine)
  ).split('\n')
  // A line that is not finished yet comes as soon as it is.
  let open = before.pop() ?? ''
  if (lines > 0) yield* before.slice(-lines).flatMap(shown)
  const decoder = new TextDecoder()
  while (!signal.aborted) {
    const read = await readOn(folder, position)
    if (!read) break
    position = read.position
    const parts = (open + decoder.decode(read.bytes, { stream: true })).split('\n')
    open = parts.pop()!
    for (; open.length > longestLine; open = open.slice(longestLine)) parts.push(open.slice(0, longestLine))
    for (const line of parts) yield* shown(line)
    if (read.bytes.length === 0) await sleep(200, undefined, { signal }).catch(() => {})
  }
  if (open) yield* shown(open)
}

/** As it is shown, in parts that are not too long. */
function shown(line: string): string[] {
  const text = lastShown(line).replaceAll('\0', '')
  const parts = Math.max(1, Math.ceil(text.length / longestLine))
  return Array.from({ length: parts }, (_, at) => text.slice(at * longestLine, (at + 1) * longestLine))
}

/** The next piece after `position`; undefined when the file is gone. A file that became shorter was cut. */
async function readOn(folder: InstanceFolder, position: number) {
  const size = await sizeOf(folder.output)
  if (size < 0) return undefined
  if (size >= position) return readPiece(folder.output, position)
  // What was not read yet is in the copy, which begins at another place. Without one it is lost.
  const start = await readFile(startFile(folder), 'utf8').then(Number, () => undefined)
  if (start === undefined) return { bytes: Buffer.alloc(0), position: 0 }
  const rest = await readPiece(folder.earlierOutput, Math.max(0, position - start))
  return rest.bytes.length > 0
    ? { bytes: rest.bytes, position: rest.position + start }
    : { ...rest, position: 0 }
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

/** The copy while it is made. */
const copyOf = (folder: InstanceFolder): string => `${folder.earlierOutput}.new`

/** Offset in the output of the first byte in the copy; absent where it was cut without one. */
const startFile = (folder: InstanceFolder): string => `${folder.earlierOutput}.start`

/** Copies from `start` up to `end`; answers how far it got. */
async function copyOn(source: FileHandle, target: FileHandle, start: number, end: number): Promise<number> {
  const piece = Buffer.alloc(pieceSize)
  let position = start
  while (position < end) {
    const { bytesRead } = await source.read(piece, 0, Math.min(pieceSize, end - position), position)
    if (bytesRead === 0) break
    // All of it: on a disk that is nearly full one write takes a part only.
    await target.writeFile(piece.subarray(0, bytesRead))
    position += bytesRead
  }
  return position
}

/** Copies what came meanwhile and empties the file, without a pause in which more could come and be lost. */
function emptyNow(source: number, target: number, position: number): void {
  try {
    copyLastMoment(source, target, position)
  } catch (error) {
    // The copy counts as far as it got.
    ignoreNoSpace(error)
  }
  ftruncateSync(source, 0)
}

function copyLastMoment(source: number, target: number, position: number): void {
  const piece = Buffer.alloc(pieceSize)
  let from = position
  const copyPiece = (): number => {
    const bytesRead = readSync(source, piece, 0, pieceSize, from)
    writeFileSync(target, piece.subarray(0, bytesRead))
    from += bytesRead
    return bytesRead
  }
  // A service that writes faster than this copies must not keep it busy for ever.
  while (from < position + lastMoment && copyPiece() > 0);
  // Of what is still more the end counts: the last words of a service that has just stopped writing.
  const { size } = fstatSync(source)
  if (size <= from) return
  const end = Math.max(from, size - pieceSize)
  if (end > from) writeFileSync(target, `\n[sluice] ${end - from} bytes were left out\n`)
  from = end
  copyPiece()
}

/** The file, open for appending, then begins with a word about it. */
function emptyWithoutCopy(source: number): void {
  const { size } = fstatSync(source)
  ftruncateSync(source, 0)
  try {
    writeFileSync(source, `\n[sluice] the disk was full: ${size} bytes of the log were not kept\n`)
  } catch (error) {
    ignoreNoSpace(error)
  }
}

/** -1 when there is no such file. */
async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => ({ size: -1 }))).size
}
