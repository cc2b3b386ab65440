import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import { parseDeploymentId } from '../contract/names.ts'
import { mayAs, tokenRoles, type TokenRole } from '../contract/roles.ts'
import type { Caller } from '../contract/token.ts'
import type { AppEnv } from './deps.ts'
import { notFound, Refusal } from './refusal.ts'

/**
 * What a route asks of its caller, in the place where OpenAPI 3.1 has it.
 * @param narrows the route names no service in its path and itself keeps to the one that the caller is bound to
 */
export const needs = (role: TokenRole, narrows: 'narrows' | '' = '') => ({
  security: [{ token: [role as string] }],
  ...(narrows ? { 'x-narrows': true } : {}),
})

interface Demand {
  operationId: string
  role: TokenRole
  narrows: boolean
}

/** The route that a request is for, with what it asks and what its path names. */
export interface Call extends Demand {
  names: Record<string, string>
}

/**
 * Lets a caller do what its role and its service allow. The one place that decides it: a route that does not say what
 * it needs is for admins, and one without a service in its path that does not say that it narrows itself is closed
 * to tokens of one service.
 */
export function authorise(app: OpenAPIHono<AppEnv>): MiddlewareHandler<AppEnv> {
  let demands: Map<string, Demand> | undefined
  return async (c, next) => {
    demands ??= demandsOf(app)
    const call = callOf(c, demands)
    // Nothing is there: the answer is 404 or 405, which tells nobody anything.
    if (!call) return next()
    c.set('call', call)
    const caller = c.get('caller')
    requireService(caller, call)
    requireRole(caller, call.role)
    await next()
  }
}

/** @throws Refusal 404 when the caller is bound to another service: to it there is no such one. */
export function requireReach({ serviceId: bound }: Caller, serviceId: string): void {
  if (bound !== null && bound !== serviceId) throw notFound('Service', serviceId)
}

function requireService(caller: Caller, { names, narrows }: Call): void {
  if (caller.serviceId === null) return
  const { serviceId, deploymentId } = names
  if (serviceId !== undefined) return requireReach(caller, serviceId)
  if (deploymentId !== undefined) {
    if (parseDeploymentId(deploymentId)?.serviceId === caller.serviceId) return
    throw notFound('Deployment', deploymentId)
  }
  if (!narrows) throw forbidden(`This token is for the service ${caller.serviceId} alone.`)
}

/** @throws Refusal 403 */
export function requireRole({ role }: Pick<Caller, 'role'>, wanted: TokenRole): void {
  if (mayAs(role, wanted)) return
  throw forbidden(`This needs a token with the role ${wanted}; this one has the role ${role}.`)
}

const forbidden = (why: string) =>
  new Refusal(403, 'Forbidden', `${why} Ask an admin to make one: \`sluice tokens create\`.`)

export function demandsOf(app: OpenAPIHono<AppEnv>): Map<string, Demand> {
  const demands = new Map<string, Demand>()
  for (const definition of app.openAPIRegistry.definitions) {
    if (definition.type !== 'route') continue
    const { method, path, operationId = '', security } = definition.route
    const role = tokenRoles.find((one) => security?.some(({ token }) => token?.includes(one))) ?? 'admin'
    const narrows = Object.hasOwn(definition.route, 'x-narrows')
    demands.set(`${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`, {
      operationId,
      role,
      narrows,
    })
  }
  return demands
}

function callOf(c: Context<AppEnv>, demands: Map<string, Demand>): Call | undefined {
  for (const { method, path } of matchedRoutes(c)) {
    const demand = demands.get(`${method} ${path}`)
    if (demand) return { ...demand, names: namesIn(path, c.req.path) }
  }
  return undefined
}

/** In a middleware the framework knows the parameters of the middleware's own path only. */
function namesIn(pattern: string, path: string): Record<string, string> {
  const given = path.split('/')
  const named = pattern
    .split('/')
    .flatMap((part, at) => (part.startsWith(':') ? [[part.slice(1), decode(given[at] ?? '')] as const] : []))
  return Object.fromEntries(named)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
