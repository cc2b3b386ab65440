import type { Fence, RouteChange, RouteTarget } from '../contract/routing.ts'

/** @throws Error with a sentence for the caller. */
export function parseChange(route: string, body: string): RouteChange {
  const content = parseObject(body)
  if (content.route !== undefined && content.route !== route) {
    throw new Error(`the body is about ${JSON.stringify(content.route)}, the path about ${route}`)
  }
  const { hosts } = content
  if (!Array.isArray(hosts)) throw new Error('hosts must be a list of host names')
  for (const host of hosts) {
    if (typeof host !== 'string' || !hostPattern.test(host)) {
      throw new Error(`${JSON.stringify(host)} is not a host name in lower case without a port`)
    }
  }
  return {
    route: checkRoute(route),
    fence: checkFence(content.fence),
    hosts,
    target: checkTarget(content.target),
  }
}

/** From the query of a removal. @throws Error with a sentence for the caller. */
export function parseFence(query: URLSearchParams): Fence {
  return checkFence({
    deployment: numberOf(query.get('deployment')),
    revision: numberOf(query.get('revision')),
  })
}

const hostPattern = /^(?:[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])$/
const numberOf = (text: string | null) => (text === null || text === '' ? undefined : Number(text))

function parseObject(body: string): Record<string, unknown> {
  let content: unknown
  try {
    content = JSON.parse(body)
  } catch {
    throw new Error('the body is not JSON')
  }
  if (typeof content !== 'object' || content === null) throw new Error('the body must be an object')
  return content as Record<string, unknown>
}

function checkRoute(route: string): string {
  if (!/^[\w.-]{1,100}\/[\w.-]{1,100}$/.test(route))
    throw new Error(`${route} is not <service>/<environment>`)
  return route
}

function checkFence(value: unknown): Fence {
  const { deployment, revision } = (value ?? {}) as Partial<Fence>
  if (!isCount(deployment) || !isCount(revision)) {
    throw new Error('fence must have the whole numbers deployment and revision')
  }
  return { deployment, revision }
}

function checkTarget(value: unknown): RouteTarget | null {
  if (value === null) return null
  const { instance, host, port } = (value ?? {}) as Partial<RouteTarget>
  if (typeof instance !== 'string' || instance === '' || instance.length > 300) {
    throw new Error('target.instance must be a name')
  }
  if (typeof host !== 'string' || !/^[A-Za-z0-9._:-]{1,253}$/.test(host)) {
    throw new Error('target.host must be a host name or an address')
  }
  if (!isCount(port) || port < 1 || port > 65_535)
    throw new Error('target.port must be a port from 1 to 65535')
  return { instance, host, port }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
