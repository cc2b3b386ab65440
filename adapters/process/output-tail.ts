import { open } from 'node:fs/promises'

/** The last lines of a file as text for people, at most `bytes` of it; empty when there is no file. */
export async function tailOf(file: string, bytes: number): Promise<string> {
  let handle
  try {
    handle = await open(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
  try {
    const { size } = await handle.stat()
    const from = Math.max(0, size - bytes)
    const buffer = Buffer.alloc(size - from)
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, from)
    return readable(buffer.subarray(0, bytesRead), from > 0)
  } finally {
    await handle.close()
  }
}

/**
 * Valid text: no NUL, and of a progress bar only what it showed last. One that was `cut` begins with a whole line
 * (half of one could show half of a secret, which no mask knows), or else with a whole character.
 */
export function readable(bytes: Buffer, cut = false): string {
  const start = cut ? bytes.indexOf('\n') + 1 || startOfCharacter(bytes) : 0
  const text = bytes.subarray(start).toString('utf8').replaceAll('\0', '')
  return text.split('\n').map(lastShown).join('\n')
}

/** After a carriage return a terminal writes over what it had. */
export function lastShown(line: string): string {
  const trimmed = line.replace(/\r+$/, '')
  return trimmed.slice(trimmed.lastIndexOf('\r') + 1)
}

function startOfCharacter(bytes: Buffer): number {
  let start = 0
  while (start < 4 && start < bytes.length && (bytes[start]! & 0xc0) === 0x80) start++
  return start < 4 ? start : 0
}
