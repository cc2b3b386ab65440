import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { SourceError } from '../../../ports/source.ts'

export interface GitCall {
  args: readonly string[]
  environment: Readonly<Record<string, string>>
  timeoutMs: number
  signal?: AbortSignal | undefined
  input?: string
  /** More output than this ends git. Default 1 MiB. */
  outputLimit?: number
  /** Runs git through `sh` with this umask, so that what it writes has the same mode everywhere. */
  umask?: string
  /** Told the process group, so that whoever takes over after a crash can end it. */
  started?: ((pid: number) => Promise<void>) | undefined
}

export interface GitResult {
  /** null when it was ended. */
  code: number | null
  stdout: Buffer
  /** The last 16 KiB. */
  stderr: string
  ended: 'timeOut' | 'outputLimit' | undefined
}

const stderrKept = 16 * 1024
/** How long git may take to remove its lock files once it is asked to end. */
const graceMs = 2000

/**
 * Runs git in a process group of its own. Rejects with the signal's reason once the whole group is gone
 * if that aborts; any exit status is a result.
 * @throws SourceError RepositoryUnreachable when git is not installed
 */
export async function runGit(call: GitCall): Promise<GitResult> {
  call.signal?.throwIfAborted()
  const child = start(call)
  const output = collect(child, call.outputLimit ?? 1024 ** 2, () => stop('outputLimit'))
  let ended: GitResult['ended'] | 'aborted'
  const stop = (why: typeof ended) => {
    ended ??= why
    endGroup(child)
  }
  const onAbort = () => stop('aborted')
  const timer = setTimeout(() => stop('timeOut'), call.timeoutMs)
  call.signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const closed = untilClosed(child)
    // Recorded while it runs: whatever happens to this, git is awaited.
    const recorded = child.pid === undefined ? undefined : call.started?.(child.pid).catch(() => {})
    child.stdin!.on('error', () => {}) // git may end before it has read everything
    child.stdin!.end(call.input ?? '')
    const code = await closed
    await recorded
    if (ended === 'aborted') throw call.signal!.reason
    return { code: ended ? null : code, ...output(), ended }
  } finally {
    clearTimeout(timer)
    call.signal?.removeEventListener('abort', onAbort)
  }
}

function start({ args, environment, umask }: GitCall): ChildProcess {
  const [program, words] =
    umask === undefined || Number.parseInt(umask, 8) === ownUmask()
      ? ['git', args]
      : ['/bin/sh', ['-c', `umask ${umask}; exec git "$@"`, 'git', ...args]]
  return spawn(program, words, { env: environment, detached: true, cwd: '/', stdio: 'pipe' })
}

/** Undefined where the kernel does not tell. `process.umask()` would change it for a moment, for all threads. */
function ownUmask(): number | undefined {
  try {
    const digits = /^Umask:\s*([0-7]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    return digits === undefined ? undefined : Number.parseInt(digits, 8)
  } catch {
    return undefined
  }
}

/** Resolves once the process has ended and nobody of its group holds its output any more. */
function untilClosed(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const missing = error.code === 'ENOENT'
      reject(missing ? new SourceError('RepositoryUnreachable', 'git is not installed on this host.') : error)
    })
    child.once('close', (code) => resolve(code))
  })
}

function collect(child: ChildProcess, limit: number, tooMuch: () => void) {
  const chunks: Buffer[] = []
  let size = 0
  let stderr = Buffer.alloc(0)
  child.stdout!.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > limit) tooMuch()
    else chunks.push(chunk)
  })
  child.stderr!.on('data', (chunk: Buffer) => {
    stderr = Buffer.concat([stderr, chunk]).subarray(-stderrKept)
  })
  return () => ({ stdout: Buffer.concat(chunks), stderr: stderr.toString('utf8') })
}

/**
 * As long as `close` has not come, git or one of its helpers is alive, so the group's number cannot have
 * gone to a stranger.
 */
function endGroup(child: ChildProcess): void {
  signalGroup(child, 'SIGTERM')
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs)
  child.once('close', () => clearTimeout(timer))
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // All of them have ended already.
  }
}
