import { Hono, type Context } from 'hono'
import { serviceIdSchema } from '../../contract/service.ts'
import { NothingPushed, type GitRequest } from '../../ports/pushed-repositories.ts'
import type { ServiceRow } from '../../ports/store.ts'
import { requireRole } from '../authorise.ts'
import { basicAuth } from '../basic-auth.ts'
import type { AppEnv } from '../deps.ts'
import { findService } from '../find.ts'
import { refusalFor } from '../problems.ts'
import { createPush, type PushDeps } from '../push/index.ts'
import { Refusal } from '../refusal.ts'

type Service = GitRequest['service']
type GitContext = Context<AppEnv>

/**
 * git's smart HTTP at `/git/{serviceId}.git`, and nothing else of a repository. It is no part of the OpenAPI document:
 * only git speaks it. Refusals are plain text, because git shows those to its user.
 */
export function gitRoutes(deps: PushDeps) {
  const app = new Hono<AppEnv>()
  app.use(basicAuth(deps))

  app.get('/:repository/info/refs', async (c) =>
    answer(deps, c, requestedService(c), { body: null, length: undefined, gzip: false }),
  )
  for (const service of ['git-receive-pack', 'git-upload-pack'] as const) {
    app.post(`/:repository/${service}`, async (c) => {
      requireType(c, service)
      return answer(deps, c, service, { body: c.req.raw.body, length: lengthOf(c), gzip: isGzip(c) })
    })
  }

  app.onError((error, c) => {
    const { status, message, more } =
      error instanceof NothingPushed ? missing(error.message) : refusalFor(error)
    if (status >= 500) deps.log.error({ err: error, requestId: c.get('requestId') }, 'a git request failed')
    return c.text(`${message}\n`, status, more.headers)
  })
  return app
}

async function answer(
  deps: PushDeps,
  c: GitContext,
  service: Service,
  body: Pick<GitRequest, 'body' | 'length' | 'gzip'>,
): Promise<Response> {
  const row = await pushedService(deps, c)
  requireRole(c.get('caller'), service === 'git-receive-pack' ? 'deployer' : 'viewer')
  const request = { serviceId: row.serviceId, service, ...body, protocol: protocolOf(c) }
  const git = await deps.repositories.serve(request, createPush(deps, row))
  // A build may be silent for long: nothing between here and the pusher shall hold lines back.
  return new Response(git.body, {
    status: git.status,
    headers: { ...git.headers, 'x-accel-buffering': 'no' },
  })
}

/** @throws Refusal 404, also for every name that is none, and 409 */
async function pushedService(deps: PushDeps, c: GitContext): Promise<ServiceRow> {
  const name = /^(.+)\.git$/.exec(c.req.param('repository') ?? '')?.[1]
  const serviceId = serviceIdSchema.safeParse(name)
  if (!serviceId.success) throw missing('There is no repository at this path. It is /git/<service>.git')
  const unknown = (error: unknown): never => {
    if (!(error instanceof Refusal)) throw error
    throw missing(
      `There is no service ${serviceId.data}. Add it first: sluice service add ${serviceId.data} --push`,
    )
  }
  const row = await findService(deps, serviceId.data).catch(unknown)
  const { serviceId: bound } = c.get('caller')
  if (bound !== null && bound !== row.serviceId)
    return unknown(new Refusal(404, 'NotFound', 'It is out of the reach of this token.'))
  if (row.source.kind === 'push') return row
  throw new Refusal(
    409,
    'NotPushed',
    `${row.serviceId} takes its code from ${row.source.url}: push there, then deploy.`,
  )
}

const missing = (message: string) => new Refusal(404, 'NotFound', message)

/** @throws Refusal for the old protocol too, which would hand out files by their names */
function requestedService(c: GitContext): Service {
  const service = c.req.query('service')
  if (service === 'git-receive-pack' || service === 'git-upload-pack') return service
  throw new Refusal(403, 'Forbidden', 'Only the smart protocol of git is spoken here. Use a newer git.')
}

function requireType(c: GitContext, service: Service): void {
  if (c.req.header('content-type') === `application/x-${service}-request`) return
  throw new Refusal(415, 'UnsupportedMediaType', `Send application/x-${service}-request.`)
}

function isGzip(c: GitContext): boolean {
  const encoding = c.req.header('content-encoding')
  if (encoding === undefined || encoding === 'identity') return false
  if (encoding === 'gzip' || encoding === 'x-gzip') return true
  throw new Refusal(415, 'UnsupportedEncoding', 'Of compressed bodies only gzip is read.')
}

function lengthOf(c: GitContext): number | undefined {
  const given = c.req.header('content-length')
  return given === undefined || !/^\d{1,15}$/.test(given) ? undefined : Number(given)
}

const protocolOf = (c: GitContext): string | undefined =>
  /^version=[012]$/.exec(c.req.header('git-protocol') ?? '')?.[0]
