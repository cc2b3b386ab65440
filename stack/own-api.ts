import { readFileSync } from 'node:fs'
import { homePaths, type Settings } from '../contract/settings.ts'

export type ApiCall = <T>(method: string, route: string, body?: object) => Promise<T>

/** The API that runs on this machine, asked as its installation. */
export function ownApi(settings: Settings, end: AbortSignal): ApiCall {
  const token = settings.token ?? readFileSync(homePaths(settings.home).token, 'utf8').trim()
  return async <T>(method: string, route: string, body?: object) => {
    const answer = await fetch(`http://${reachable(settings.apiAddress)}:${settings.apiPort}${route}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([end, AbortSignal.timeout(30_000)]),
    })
    const said = (await answer.json()) as T & { detail?: string }
    if (!answer.ok) throw new Error(said.detail ?? `${method} ${route} answered ${answer.status}`)
    return said
  }
}

/** An address to connect to for one to listen on. */
const reachable = (address: string): string =>
  address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address
