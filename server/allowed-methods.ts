import type { Hono } from 'hono'
import type { AppEnv } from './deps.ts'

const listed = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/** Answers the methods that a path has; none when the path itself is unknown. */
export function allowedMethods(app: Hono<AppEnv>): (path: string) => string[] {
  const routes = app.routes
    .filter(({ method }) => listed.includes(method))
    .map(({ method, path }) => ({ method, matches: pattern(path) }))
  return (path) => {
    const methods = new Set(routes.filter(({ matches }) => matches.test(path)).map(({ method }) => method))
    if (methods.has('GET')) methods.add('HEAD')
    return listed.filter((method) => methods.has(method))
  }
}

function pattern(path: string): RegExp {
  const source = path
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)))
    .join('/')
  return new RegExp(`^${source}$`)
}
