import { request } from 'node:http'
import type { RouterHealth } from '../contract/routing.ts'

/** What the router says on its control socket; undefined when it does not answer within a second. */
export function routerHealth(socketPath: string): Promise<RouterHealth | undefined> {
  const { promise, resolve } = Promise.withResolvers<RouterHealth | undefined>()
  const asking = request({ socketPath, path: '/healthz', timeout: 1000 }, (answer) => {
    let body = ''
    answer.setEncoding('utf8')
    answer.on('data', (chunk: string) => (body += chunk))
    answer.once('error', () => resolve(undefined))
    answer.once('end', () => resolve(parse(body)))
  })
  asking.once('timeout', () => asking.destroy())
  asking.once('error', () => resolve(undefined))
  asking.end()
  return promise
}

function parse(body: string): RouterHealth | undefined {
  try {
    const health = JSON.parse(body) as RouterHealth
    return health.status === 'ok' && Number.isInteger(health.pid) ? health : undefined
  } catch {
    return undefined
  }
}
