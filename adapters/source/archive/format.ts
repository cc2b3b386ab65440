import { open } from 'node:fs/promises'
import { Header } from 'tar'
import { ArchiveError } from '../../../ports/archives.ts'

export type ArchiveFormat = 'tar' | 'tar.gz' | 'tar.zst' | 'zip'

/** Bytes of a header of tar. */
const block = 512

/** By the first bytes: a name proves nothing. @throws ArchiveError malformed */
export async function formatOf(file: string): Promise<ArchiveFormat> {
  const start = await firstBytes(file)
  if (start.length === 0)
    throw new ArchiveError('malformed', 'The archive is empty. Send the file itself as the body.')
  if (startsWith(start, 0x50, 0x4b, 0x03, 0x04) || startsWith(start, 0x50, 0x4b, 0x05, 0x06)) return 'zip'
  if (startsWith(start, 0x1f, 0x8b)) return 'tar.gz'
  if (startsWith(start, 0x28, 0xb5, 0x2f, 0xfd)) return 'tar.zst'
  if (isTarHeader(start)) return 'tar'
  throw new ArchiveError(
    'malformed',
    'This is no archive of a kind that is deployed. Send a tar, tar.gz, tar.zst, zip, JAR or WAR.',
  )
}

/** Also true for the empty blocks that a tar without entries starts with. */
export function isTarHeader(start: Buffer): boolean {
  if (start.length < block) return false
  try {
    const { cksumValid, nullBlock } = new Header(start.subarray(0, block))
    return cksumValid || nullBlock
  } catch {
    return false
  }
}

const startsWith = (start: Buffer, ...magic: number[]) => magic.every((byte, at) => start[at] === byte)

async function firstBytes(file: string): Promise<Buffer> {
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(block), 0, block, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}
