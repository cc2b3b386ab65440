import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { createDurable, syncAbove } from '../../files/durable.ts'

export interface KeyRing {
  /** Id of the key that new values are sealed with. */
  current: string
  /** 32 bytes each. Older keys stay, for what they sealed. */
  keys: ReadonlyMap<string, Buffer>
}

/** Of several processes that find no file at once, one makes it and all read the same. */
export async function openKeyRing(file: string): Promise<KeyRing> {
  const made = await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
  const text = (await readIfThere(file)) ?? (await createKeys(file))
  await syncAbove(path.dirname(file), made)
  const ring = parseKeyRing(file, text)
  // A copy or a restored backup may have come with wider permissions.
  await chmod(file, 0o600)
  return ring
}

/** @throws Error that names the file when it is damaged. Never replaced then: it would lose every sealed value. */
export function parseKeyRing(file: string, text: string): KeyRing {
  const damaged = new Error(`The key file ${file} is damaged: restore it from a backup`)
  let content: { current?: unknown; keys?: unknown }
  try {
    content = JSON.parse(text) as typeof content
  } catch {
    throw damaged
  }
  const keys = new Map(
    Object.entries(content?.keys ?? {}).map(([id, key]) => [id, Buffer.from(String(key), 'base64')]),
  )
  const { current } = content ?? {}
  if (typeof current !== 'string' || !keys.has(current)) throw damaged
  if ([...keys.values()].some((key) => key.length !== 32)) throw damaged
  return { current, keys }
}

async function createKeys(file: string): Promise<string> {
  const content = { current: '1', keys: { '1': randomBytes(32).toString('base64') } }
  await createDurable(file, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
  // Ours, or that of a process that was faster.
  return readFile(file, 'utf8')
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
