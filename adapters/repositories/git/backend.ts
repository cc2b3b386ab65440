import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Readable, type Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { GitAnswer, GitRequest, Push } from '../../../ports/pushed-repositories.ts'
import { readHead } from './cgi-head.ts'
import { attendHooks } from './hook-channel.ts'

export interface Backend {
  /** `-c` options. */
  config: readonly string[]
  environment: Readonly<Record<string, string>>
  repositories: string
  /** Told what git said when it failed. */
  failed(said: string): void
}

/** Bytes of git's own messages that are kept. */
const stderrKept = 4 * 1024

/**
 * Runs `git http-backend` for one request, in a process group of its own. Once it runs it is never ended from here:
 * a pusher who leaves takes nothing back that was accepted, and without a pusher git ends by itself.
 */
export async function runBackend(backend: Backend, request: GitRequest, push: Push): Promise<GitAnswer> {
  const child = spawn('git', [...backend.config, 'http-backend'], {
    cwd: '/',
    detached: true,
    env: { ...backend.environment, ...cgiVariables(backend, request) },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  })
  await once(child, 'spawn')
  const gone = new AbortController()
  const said = keepTail(child)
  const closed = once(child, 'close')
  const attended = attendHooks(child.stdio[3] as Duplex, push, gone.signal)
  void Promise.allSettled([closed, attended]).then(async () => {
    await push.ended(child.exitCode === 0)
    if (child.exitCode !== 0) backend.failed(said())
  })
  void feed(child, request.body)
  const output = child.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const { status, headers, rest } = await readHead(output)
  return { status, headers, body: bodyOf(rest, output, gone) }
}

/** Of the request, only what was checked; nothing of its path or its headers as they came. */
function cgiVariables({ repositories }: Backend, request: GitRequest): Record<string, string> {
  const { serviceId, service, body, length, gzip, protocol } = request
  const asks = body === null
  return {
    GIT_PROJECT_ROOT: repositories,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: `/${serviceId}.git/${asks ? 'info/refs' : service}`,
    REQUEST_METHOD: asks ? 'GET' : 'POST',
    QUERY_STRING: asks ? `service=${service}` : '',
    REMOTE_USER: 'sluice',
    REMOTE_ADDR: '127.0.0.1',
    ...(asks ? {} : { CONTENT_TYPE: `application/x-${service}-request` }),
    ...(length === undefined ? {} : { CONTENT_LENGTH: String(length) }),
    ...(gzip ? { HTTP_CONTENT_ENCODING: 'gzip' } : {}),
    ...(protocol === undefined ? {} : { GIT_PROTOCOL: protocol }),
  }
}

async function feed({ stdin }: ChildProcess, body: GitRequest['body']): Promise<void> {
  if (body === null) return void stdin!.end()
  // A pusher who leaves, or a git that has read enough: git tells the one, and the other is not there any more.
  await pipeline(Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]), stdin!).catch(() => {})
}

function keepTail({ stderr }: ChildProcess): () => string {
  let kept = Buffer.alloc(0)
  stderr!.on('data', (chunk: Buffer) => (kept = Buffer.concat([kept, chunk]).subarray(-stderrKept)))
  return () => kept.toString('utf8')
}

function bodyOf(
  rest: Buffer,
  output: AsyncIterator<Buffer>,
  gone: AbortController,
): ReadableStream<Uint8Array> {
  let first: Buffer | undefined = rest.length > 0 ? rest : undefined
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = first ? { value: first } : await output.next()
        first = undefined
        if (done) controller.close()
        else controller.enqueue(new Uint8Array(value))
      },
      cancel() {
        gone.abort()
        // git would stop at a closed pipe, between the refs and what follows from them.
        void drain(output)
      },
    },
    { highWaterMark: 0 },
  )
}

async function drain(output: AsyncIterator<Buffer>): Promise<void> {
  while (!(await output.next()).done);
}
