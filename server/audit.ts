import type { Context, MiddlewareHandler } from 'hono'
import type { AuditEntry } from '../contract/audit.ts'
import { parseDeploymentId } from '../contract/names.ts'
import type { Problem } from '../contract/problems.ts'
import { environmentNameSchema, serviceIdSchema } from '../contract/service.ts'
import type { AppDeps, AppEnv } from './deps.ts'

const places = new Set(['serviceId', 'environment'])
const changing = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])
/** Characters of a name in a path that nobody has checked yet. */
const nameLimit = 200

/**
 * Writes down who did what, when it is done or was refused. Names only: of a body nothing but the service and the
 * environment, so no secret can get in. When the store is away the log has it.
 */
export const audit =
  ({ store, log }: Pick<AppDeps, 'store' | 'log'>): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    await next()
    const call = c.get('call')
    if (!call || !changing.has(c.req.method)) return
    const entry = await entryOf(c, call.operationId, call.names)
    await store.audit.add(entry).catch((error: unknown) => {
      log.warn({ err: error, audit: entry }, 'an entry of the audit log was not stored')
    })
  }

async function entryOf(
  c: Context<AppEnv>,
  action: string,
  names: Record<string, string>,
): Promise<Omit<AuditEntry, 'at'>> {
  const { id, name, role } = c.get('caller')
  return {
    actorId: id,
    actorName: name,
    role,
    address: c.env?.incoming?.socket.remoteAddress ?? '',
    action,
    ...(await placeOf(c, names)),
    target: targetOf(c, names),
    status: c.res.status,
    code: await codeOf(c.res),
    requestId: c.get('requestId'),
  }
}

async function placeOf(c: Context<AppEnv>, names: Record<string, string>) {
  const given = parseDeploymentId(names['deploymentId'] ?? '') ?? { ...(await namesInBody(c)), ...names }
  return {
    serviceId: serviceIdSchema.safeParse(given.serviceId).data ?? null,
    environment: environmentNameSchema.safeParse(given.environment).data ?? null,
  }
}

async function namesInBody(c: Context<AppEnv>): Promise<{ serviceId?: unknown; environment?: unknown }> {
  // Whoever was refused before the body was read sent it for nothing.
  if (!c.req.bodyCache.arrayBuffer && !c.req.bodyCache.json) return {}
  const body: unknown = await c.req.json().catch(() => undefined)
  if (typeof body !== 'object' || body === null) return {}
  const { serviceId, environment } = body as Record<string, unknown>
  return { serviceId, environment }
}

/** What the path names beside the service and the environment, or else what was made. */
function targetOf(c: Context<AppEnv>, names: Record<string, string>) {
  const named = Object.keys(names)
    .filter((name) => !places.has(name))
    .map((name) => names[name])
    .join('/')
  const made = /^\/v1\/(?:.*\/)?(?:deployments|tokens|runs)\/([\w.-]+)$/.exec(
    c.res.headers.get('location') ?? '',
  )?.[1]
  return named.slice(0, nameLimit) || made || null
}

async function codeOf(answer: Response): Promise<string | null> {
  if (answer.status < 400) return null
  const problem = (await answer.clone().json()) as Partial<Problem>
  return problem.code ?? null
}
