import type { OpenAPIHono } from '@hono/zod-openapi'
import { allowedMethods } from './allowed-methods.ts'
import { archiveUpload } from './archive-upload.ts'
import { audit } from './audit.ts'
import { bearerAuth } from './auth.ts'
import { authorise } from './authorise.ts'
import type { AppDeps, AppEnv } from './deps.ts'
import { hostCheck } from './host-check.ts'
import { idempotency } from './idempotency.ts'
import { createMetrics } from './metrics.ts'
import { observe } from './observe.ts'
import { newRouter } from './openapi.ts'
import { originCheck } from './origin-check.ts'
import { problem, problemOnError } from './problems.ts'
import { Refusal } from './refusal.ts'
import { sweepPushes } from './push/sweep.ts'
import { requestBody } from './request-body.ts'
import { requestId } from './request-id.ts'
import { archiveRoutes, archivesPath } from './routes/archives.ts'
import { approvalRoutes } from './routes/approvals.ts'
import { badgePictureRoutes, badgeRoutes } from './routes/badges.ts'
import { cronRoutes } from './routes/cron.ts'
import { deliveryRoutes } from './routes/deliveries.ts'
import { auditRoutes } from './routes/audit.ts'
import { deploymentActionRoutes } from './routes/deployment-actions.ts'
import { deploymentRoutes } from './routes/deployments.ts'
import { docsRoutes } from './routes/docs.ts'
import { environmentRoutes } from './routes/environments.ts'
import { gitRoutes } from './routes/git.ts'
import { guideRoutes } from './routes/guides.ts'
import { healthRoutes } from './routes/health.ts'
import { holdRoutes } from './routes/holds.ts'
import { hostRoutes } from './routes/hosts.ts'
import { notificationRoutes } from './routes/notifications.ts'
import { planRoutes } from './routes/plan.ts'
import { processRoutes } from './routes/processes.ts'
import { previewRoutes } from './routes/previews.ts'
import { preflightRoutes } from './routes/preflight.ts'
import { releaseRoutes } from './routes/releases.ts'
import { restartRoutes } from './routes/restarts.ts'
import { rollbackRoutes } from './routes/rollbacks.ts'
import { schemaRoutes } from './routes/schemas.ts'
import { runRoutes } from './routes/runs.ts'
import { scheduleRoutes } from './routes/schedules.ts'
import { serviceVariableRoutes } from './routes/service-variables.ts'
import { serviceRoutes } from './routes/services.ts'
import { signInLinkRoutes } from './routes/sign-in-links.ts'
import { streamRoutes } from './routes/streams.ts'
import { tokenRoutes } from './routes/tokens.ts'
import { variableRoutes } from './routes/variables.ts'
import { webhookRoutes } from './routes/webhooks.ts'
import { webhookSecretRoutes } from './routes/webhook-secret.ts'
import { secureHeaders } from './secure-headers.ts'
import { startRemovals } from './previews/removals.ts'
import { startOutbox } from './webhooks/outbox.ts'
import { startSweep } from './webhooks/sweep.ts'

/** The whole API as a function of what it works with; `app.request()` drives it without a socket. */
export function createApp(deps: AppDeps): OpenAPIHono<AppEnv> {
  const metrics = createMetrics(deps.store)
  const removals = startRemovals(deps)
  const outbox = startOutbox({ ...deps, removals, accepted: metrics.accepted })
  startSweep(deps, outbox)
  void sweepPushes({ ...deps, accepted: metrics.accepted })
  const app = newRouter()

  app.use(requestId, observe({ log: deps.log, metrics }), secureHeaders)
  app.use(hostCheck(deps), originCheck(deps))
  // Signed instead of authorised by a token, and over bytes that nobody has read before.
  app.route('/v1', webhookRoutes(deps, outbox))
  // One for both: what is wrong in one place counts in the other.
  const [authentic, allowed] = [bearerAuth(deps), authorise(app)]
  app.use('/v1/*', authentic, audit(deps), allowed)
  app.use('/metrics', authentic, allowed)
  app.use(`/v1${archivesPath}`, archiveUpload(deps))
  app.use('/v1/*', requestBody, idempotency(deps))

  // Before the docs: with a dashboard, that is what `/` shows.
  if (deps.dashboard)
    app.route(
      '/',
      deps.dashboard((request, env) => app.fetch(request, env)),
    )
  app.route('/', healthRoutes(deps, metrics))
  app.route('/', badgePictureRoutes(deps))
  app.route('/', docsRoutes(deps, app))
  app.route('/', guideRoutes())
  app.route('/', schemaRoutes())
  app.route('/git', gitRoutes({ ...deps, ...metrics }))
  app.route('/v1', serviceRoutes(deps))
  app.route('/v1', environmentRoutes(deps))
  app.route('/v1', variableRoutes(deps))
  app.route('/v1', serviceVariableRoutes(deps))
  app.route('/v1', previewRoutes(deps, removals))
  app.route('/v1', scheduleRoutes(deps))
  app.route('/v1', processRoutes(deps))
  app.route('/v1', runRoutes(deps, metrics))
  app.route('/v1', cronRoutes(deps))
  app.route('/v1', preflightRoutes(deps))
  app.route('/v1', planRoutes(deps))
  app.route('/v1', releaseRoutes(deps))
  app.route('/v1', rollbackRoutes(deps, metrics))
  app.route('/v1', archiveRoutes(deps, metrics))
  app.route('/v1', restartRoutes(deps, metrics))
  app.route('/v1', deploymentRoutes(deps, metrics))
  app.route('/v1', deploymentActionRoutes(deps, metrics))
  app.route('/v1', approvalRoutes(deps))
  app.route('/v1', holdRoutes(deps))
  app.route('/v1', webhookSecretRoutes(deps))
  app.route('/v1', deliveryRoutes(deps, outbox))
  app.route('/v1', streamRoutes(deps, metrics))
  app.route('/v1', notificationRoutes(deps))
  app.route('/v1', tokenRoutes(deps))
  app.route('/v1', signInLinkRoutes(deps))
  app.route('/v1', auditRoutes(deps))
  app.route('/v1', hostRoutes(deps))
  app.route('/v1', badgeRoutes(deps))

  app.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
    description: '`sluice token` prints it',
  })
  app.onError(problemOnError(deps.log))
  app.notFound(missing(app))
  return app
}

function missing(app: OpenAPIHono<AppEnv>): Parameters<typeof app.notFound>[0] {
  let methodsOf: ReturnType<typeof allowedMethods> | undefined
  return (c) => {
    methodsOf ??= allowedMethods(app)
    const allowed = methodsOf(c.req.path)
    if (allowed.length === 0 || allowed.includes(c.req.method)) {
      return problem(
        c,
        new Refusal(404, 'NotFound', 'There is nothing at this path. `/docs` lists what there is.'),
      )
    }
    const list = allowed.join(', ')
    return problem(
      c,
      new Refusal(405, 'MethodNotAllowed', `This path knows ${list} only.`, { headers: { Allow: list } }),
    )
  }
}
