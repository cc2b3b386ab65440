import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { randomUUID } from 'node:crypto'
import type { Problem } from '../contract/problems.ts'
import { homePaths, type Settings } from '../contract/settings.ts'
import { ApiProblem } from './api-problem.ts'
import { CliError } from './cli-error.ts'
import { exitCodes } from './exit-codes.ts'

export interface RequestOptions {
  body?: object
  /** Sent as it comes, in the place of `body`. */
  stream?: AsyncIterable<Uint8Array>
  headers?: Record<string, string>
  signal?: AbortSignal
}

/** The API as this command line uses it. Every method throws CliError: ApiProblem, or that nobody answers. */
export interface Client {
  url: string
  get<T>(path: string): Promise<T>
  post<T>(path: string, body?: object): Promise<T>
  put<T>(path: string, body: object): Promise<T>
  /** What is not there (any more) is an error of the API, where it minds. */
  patch<T>(path: string, body: object): Promise<T>
  remove(path: string): Promise<void>
  /** Sends a file that may be larger than the memory. */
  upload<T>(path: string, content: AsyncIterable<Uint8Array>): Promise<T>
  /** The answer as it comes. */
  open(path: string, headers: Record<string, string>, signal?: AbortSignal): Promise<Response>
}

/** Milliseconds for an ordinary answer; a preflight tries databases. */
const answerWithin = 60_000

export function clientOf(settings: Pick<Settings, 'url' | 'home' | 'token'>): Client {
  const { url } = settings
  const call = async (method: string, path: string, options: RequestOptions = {}): Promise<Response> => {
    const answer = await send(settings, method, path, options)
    if (!answer.ok) throw new ApiProblem(await problemOf(answer), url)
    return answer
  }
  const callJson = async <T>(method: string, path: string, options: RequestOptions): Promise<T> => {
    const answer = await call(method, path, { ...options, signal: AbortSignal.timeout(answerWithin) })
    return (await answer.json()) as T
  }
  const json = { accept: 'application/json' }
  return {
    url,
    get: (path) => callJson('GET', path, { headers: json }),
    // The key makes a repetition harmless, should this process or the network die before the answer.
    post: (path, body = {}) =>
      callJson('POST', path, { body, headers: { ...json, 'idempotency-key': randomUUID() } }),
    put: (path, body) => callJson('PUT', path, { body, headers: json }),
    patch: (path, body) => callJson('PATCH', path, { body, headers: json }),
    async remove(path) {
      await call('DELETE', path, { headers: json, signal: AbortSignal.timeout(answerWithin) })
    },
    async upload<T>(path: string, stream: AsyncIterable<Uint8Array>) {
      // No time-out: a slow line takes as long as it takes, and one that is cut says so itself.
      const headers = { ...json, 'content-type': 'application/octet-stream', 'idempotency-key': randomUUID() }
      return (await (await call('POST', path, { stream, headers })).json()) as T
    },
    open: (path, headers, signal) => call('GET', path, { headers, ...(signal ? { signal } : {}) }),
  }
}

async function send(
  settings: Pick<Settings, 'url' | 'home' | 'token'>,
  method: string,
  path: string,
  { body, stream, headers, signal }: RequestOptions,
): Promise<Response> {
  const token = tokenOf(settings)
  try {
    return await fetch(new URL(path, settings.url), {
      method,
      headers: {
        'accept-encoding': 'identity',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(stream === undefined
        ? {}
        : { body: Readable.toWeb(Readable.from(stream)) as ReadableStream, duplex: 'half' as const }),
      ...(signal ? { signal } : {}),
      redirect: 'error',
    })
  } catch (error) {
    throw signal?.aborted && !isTimeout(error) ? error : unreachable(settings.url, error)
  }
}

const isTimeout = (error: unknown): boolean => (error as Error).name === 'TimeoutError'

/** undefined when there is none to be found: the API then says what is missing. */
export function tokenOf({ token, home }: Pick<Settings, 'home' | 'token'>): string | undefined {
  if (token) return token
  const file = homePaths(home).token
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') return undefined
    throw new CliError(`The token file ${file} may not be read by this user.`, {
      exitCode: exitCodes.auth,
      next: 'Run this as the user that runs Sluice, or set SLUICE_TOKEN.',
    })
  }
}

function unreachable(url: string, error: unknown): CliError {
  const cause = (error as { cause?: NodeJS.ErrnoException }).cause
  const why = isTimeout(error) ? 'it is too slow' : (cause?.code ?? (error as Error).message)
  return new CliError(`The API does not answer at ${url} (${why}). Is \`sluice up\` running?`, {
    next: 'Start it with `sluice up`, or point SLUICE_URL (or --url) to where it runs.',
  })
}

async function problemOf(answer: Response): Promise<Problem> {
  const text = await answer.text()
  try {
    const problem = JSON.parse(text) as Problem
    if (typeof problem.code === 'string') return problem
  } catch {
    // Not the API's own answer: something between it and here.
  }
  const detail = `${answer.url} answered ${answer.status} with something that is not from Sluice's API.`
  return {
    type: 'about:blank',
    title: 'Unexpected answer',
    status: answer.status,
    code: 'UnexpectedAnswer',
    requestId: '',
    detail,
  }
}
