import { randomUUID } from 'node:crypto'
import type { Problem } from '../contract/problems.ts'
import type { AppEnv } from '../server/deps.ts'

/** Asks the API in this process, as a request from outside would. */
export type Ask = (request: Request, env: AppEnv['Bindings']) => Response | Promise<Response>

/** The API said no. */
export class ApiProblem extends Error {
  override name = 'ApiProblem'
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }
}

/** Somebody's view of the API: everything is asked with their own token, and the API alone decides. */
export interface Api {
  /** @throws ApiProblem */
  get<T>(path: string): Promise<T>
  /** Undefined where there is no such thing, or this token may not see it. @throws ApiProblem */
  find<T>(path: string): Promise<T | undefined>
  /** @param key makes a POST that is sent twice one @throws ApiProblem */
  send<T>(method: string, path: string, body?: unknown, key?: string): Promise<T>
  /** The answer as it is. */
  stream(path: string, headers: Record<string, string>): Promise<Response>
}

interface Asker {
  ask: Ask
  env: AppEnv['Bindings']
  /** Of the request that this is on behalf of. */
  origin: string
  token: string
}

export function apiOf({ ask, env, origin, token }: Asker): Api {
  const call = async (method: string, path: string, headers: Record<string, string>, body?: string) =>
    ask(
      new Request(`${origin}/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...headers },
        ...(body === undefined ? {} : { body }),
      }),
      env,
    )

  const send = async <T>(method: string, path: string, body?: unknown, key?: string): Promise<T> => {
    const headers = {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'POST' ? { 'idempotency-key': key ?? randomUUID() } : {}),
    }
    const answer = await call(method, path, headers, body === undefined ? undefined : JSON.stringify(body))
    const text = await answer.text()
    if (!answer.ok) throw new ApiProblem(JSON.parse(text) as Problem)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  return {
    get: (path) => send('GET', path),
    send,
    async find<T>(path: string) {
      try {
        return await send<T>('GET', path)
      } catch (error) {
        if (error instanceof ApiProblem && [403, 404].includes(error.problem.status)) return undefined
        throw error
      }
    },
    stream: (path, headers) => call('GET', path, headers),
  }
}

/** A path whose parts may hold anything. */
export const pathOf = (...parts: string[]): string =>
  parts.map((part) => `/${encodeURIComponent(part)}`).join('')
