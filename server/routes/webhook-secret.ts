import { randomBytes } from 'node:crypto'
import { createRoute } from '@hono/zod-openapi'
import { webhookSecretContext } from '../../contract/names.ts'
import {
  newWebhookSchema,
  putWebhookSchema,
  webhookProviders,
  webhookSchema,
  type WebhookProvider,
} from '../../contract/webhook.ts'
import { needs } from '../authorise.ts'
import type { AppDeps } from '../deps.ts'
import { findService } from '../find.ts'
import {
  bodyOf,
  bodyProblems,
  commonProblems,
  jsonOf,
  newRouter,
  problems,
  serviceParams,
} from '../openapi.ts'

const tags = ['webhooks']
const path = '/services/{serviceId}/webhook'
const urls = { github: 'https://deploy.example.com/v1/webhooks/github/shop' }
const createdAt = '2026-01-31T12:00:00.000Z'

/** A PUT and not a POST: the answers of those are kept for a day, and this one holds a secret. */
const put = createRoute({
  method: 'put',
  path,
  operationId: 'putWebhook',
  ...needs('admin'),
  summary: 'Make the secret that forges sign with',
  description: 'Replaces the one before, which is no longer accepted. The secret is shown this once.',
  tags,
  request: { params: serviceParams, body: bodyOf(putWebhookSchema, {}, false) },
  responses: {
    200: jsonOf(newWebhookSchema, 'Made', { secret: 'whsec_…', createdAt, urls }),
    ...problems(404),
    ...bodyProblems,
    ...commonProblems,
  },
})

const read = createRoute({
  method: 'get',
  path,
  operationId: 'readWebhook',
  ...needs('admin'),
  summary: 'Whether forges may tell of pushes, and where to',
  tags,
  request: { params: serviceParams },
  responses: {
    200: jsonOf(webhookSchema, 'As it is', { configured: true, createdAt, urls }),
    ...problems(404),
    ...commonProblems,
  },
})

const remove = createRoute({
  method: 'delete',
  path,
  operationId: 'deleteWebhook',
  ...needs('admin'),
  summary: 'Accept no more deliveries',
  tags,
  request: { params: serviceParams },
  responses: { 204: { description: 'Gone' }, ...problems(404), ...commonProblems },
})

export function webhookSecretRoutes(deps: AppDeps) {
  const { store, secrets, settings } = deps
  const urlsOf = (serviceId: string) =>
    Object.fromEntries(
      webhookProviders.map((one) => [one, new URL(`/v1/webhooks/${one}/${serviceId}`, settings.url).href]),
    ) as Record<WebhookProvider, string>

  return newRouter()
    .openapi(put, async (c) => {
      const { serviceId } = await findService(deps, c.req.valid('param').serviceId)
      // Standard Webhooks wants base64 after the prefix; for the other forges it is simply text.
      const secret = c.req.valid('json').secret ?? `whsec_${randomBytes(32).toString('base64')}`
      await store.webhooks.setSecret(serviceId, secrets.seal(secret, webhookSecretContext(serviceId)))
      const made = (await store.webhooks.secret(serviceId))?.createdAt ?? deps.now()
      return c.json({ secret, createdAt: made.toISOString(), urls: urlsOf(serviceId) }, 200)
    })
    .openapi(read, async (c) => {
      const { serviceId } = await findService(deps, c.req.valid('param').serviceId)
      const stored = await store.webhooks.secret(serviceId)
      return c.json(
        {
          configured: stored !== undefined,
          createdAt: stored?.createdAt.toISOString() ?? null,
          urls: urlsOf(serviceId),
        },
        200,
      )
    })
    .openapi(remove, async (c) => {
      const { serviceId } = await findService(deps, c.req.valid('param').serviceId)
      await store.webhooks.setSecret(serviceId, null)
      return c.body(null, 204)
    })
}
