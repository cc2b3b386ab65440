import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { homePaths, type Settings } from '../contract/settings.ts'

/** SLUICE_TOKEN, or the token in the home, which is made at the first start. */
export async function readToken(settings: Pick<Settings, 'home' | 'token'>): Promise<string> {
  if (settings.token) return settings.token
  const file = homePaths(settings.home).token
  return (await readIfThere(file)) ?? (await makeToken(file))
}

async function makeToken(file: string): Promise<string> {
  const folder = path.dirname(file)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const token = `slc_${randomBytes(32).toString('base64url')}`
  const temporary = `${file}.${randomBytes(4).toString('hex')}`
  await writeSynced(temporary, `${token}\n`)
  try {
    // A link and not a rename: of two processes that start at once, the second takes over the first one's token.
    await link(temporary, file)
    await syncFolder(folder)
    return token
  } catch (error) {
    const other = await readIfThere(file)
    if (other === undefined) throw error
    return other
  } finally {
    await rm(temporary, { force: true })
  }
}

async function writeSynced(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    const token = (await readFile(file, 'utf8')).trim()
    if (token.length < 16) throw new Error(`${file} holds no token. Remove it to get a new one.`)
    // Restored from a backup, it may have become readable for others.
    await chmod(file, 0o600)
    return token
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
