import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { writeDurable } from './durable.ts'

/** `damaged`: it is there but holds nothing readable, and so does its copy. */
export type TwinReading<T> = { kind: 'absent' } | { kind: 'damaged' } | { kind: 'read'; value: T }

const copyOf = (file: string) => `${file}.copy`

/** As `writeDurable`, with a copy beside it: what damages one file leaves the other. */
export async function writeTwin(
  file: string,
  data: string,
  { mode = 0o644 }: { mode?: number } = {},
): Promise<void> {
  await writeDurable(file, data, { mode })
  await writeCopy(file, data, { mode })
}

/** The copy alone, of a file that is on the disk. Not synced: it stands in for that one, never goes before it. */
export async function writeCopy(
  file: string,
  data: string,
  { mode = 0o644 }: { mode?: number } = {},
): Promise<void> {
  const temporary = `${copyOf(file)}.${process.pid}.tmp`
  try {
    await writeFile(temporary, data, { mode })
    await rename(temporary, copyOf(file))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** The last good copy of a JSON object. A damaged file is named in a warning, once per process. */
export async function readTwin<T>(file: string): Promise<TwinReading<T>> {
  const first = await read<T>(file)
  if (first.kind !== 'damaged') return first
  const second = await read<T>(copyOf(file))
  warn(file, second.kind === 'read' ? 'its copy is used' : 'it counts as not being there')
  return second.kind === 'read' ? second : first
}

export async function removeTwin(file: string): Promise<void> {
  await rm(file, { force: true })
  await rm(copyOf(file), { force: true })
}

async function read<T>(file: string): Promise<TwinReading<T>> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'absent' }
    throw error
  }
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null
      ? { kind: 'read', value: value as T }
      : { kind: 'damaged' }
  } catch {
    return { kind: 'damaged' }
  }
}

const warned = new Set<string>()

/** Into the log of whichever process reads it. */
export function warn(file: string, consequence: string): void {
  if (warned.has(file)) return
  warned.add(file)
  process.emitWarning(`${file} is damaged: ${consequence}`, { code: 'DAMAGED_FILE' })
}
