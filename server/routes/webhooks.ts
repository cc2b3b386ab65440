import { randomUUID } from 'node:crypto'
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { webhookSecretContext } from '../../contract/names.ts'
import { serviceIdSchema } from '../../contract/service.ts'
import { deliverySchema, webhookProviderSchema, type WebhookProvider } from '../../contract/webhook.ts'
import type { DeliveryRow } from '../../ports/store.ts'
import { countBadTokens } from '../bad-tokens.ts'
import type { AppDeps, AppEnv } from '../deps.ts'
import { bodyProblems, idempotencyHeaders, jsonOf, newRouter, problems } from '../openapi.ts'
import { Refusal } from '../refusal.ts'
import { readUpTo, refuseEncoded } from '../request-body.ts'
import { deliveryView } from '../webhooks/delivery-view.ts'
import { readEvent, UnreadableEvent, type WebhookEvent } from '../webhooks/event.ts'
import { judge } from '../webhooks/judge.ts'
import type { Outbox } from '../webhooks/outbox.ts'
import { isSigned, type SignedRequest } from '../webhooks/signature.ts'
import { deliveryExample } from './delivery-example.ts'

/** Bytes of an event. Forges send up to 25 MB; a push of a size beyond this is found by the sweep. */
const eventLimit = 5 * 1024 * 1024

const receive = createRoute({
  method: 'post',
  path: '/webhooks/{provider}/{serviceId}',
  operationId: 'receiveWebhook',
  summary: 'What a forge tells of a push or a pull request',
  description:
    'Signed with the webhook secret of the service, over the bytes as they are sent. A push to the branch of an environment with `autoDeploy` deploys that environment; a pull request makes, deploys or removes its preview, if the service has a rule for them. The same delivery again changes nothing.',
  tags: ['webhooks'],
  security: [],
  request: {
    params: z.object({ provider: webhookProviderSchema, serviceId: serviceIdSchema }),
    headers: idempotencyHeaders,
    body: {
      required: true,
      content: {
        'application/octet-stream': {
          schema: z.any().openapi({ type: 'string', format: 'binary' }),
          example: '{"ref":"refs/heads/main","after":"…"}',
        },
      },
    },
  },
  responses: {
    200: jsonOf(deliverySchema, 'Nothing is to be deployed, or it was delivered before', deliveryExample),
    202: jsonOf(deliverySchema, 'Recorded: it will be deployed', deliveryExample),
    ...problems(401, 403, 404, 421, 429, 500, 503),
    ...bodyProblems,
  },
})

/** Without bearer token: this router has to come before the one that wants it. */
export function webhookRoutes(deps: AppDeps, outbox: Outbox) {
  const bad = countBadTokens()
  return newRouter().openapi(receive, async (c) => {
    const { provider, serviceId } = c.req.valid('param')
    const request = await signedRequest(c)
    if (!(await isGenuine(deps, provider, serviceId, request))) {
      const wait = await bad.add(c.env?.incoming?.socket.remoteAddress ?? '')
      throw wait > 0 ? tooMany(wait) : unsigned()
    }
    const event = eventOf(provider, request)
    const [environments, rule] = await Promise.all([
      deps.store.environments.list(serviceId),
      deps.store.previews.rule(serviceId),
    ])
    const { row, known } = await deps.store.webhooks.record(
      {
        ...{ id: randomUUID(), serviceId, provider, deliveryId: event.deliveryId, event: event.name },
        ...judge(event, environments, rule),
        redeliveryOf: null,
      },
      false,
    )
    return answer(row, known)

    async function answer(delivery: DeliveryRow, wasKnown: boolean) {
      const isNew = !wasKnown && delivery.settledAt === null
      if (isNew) outbox.wake()
      return c.json(await deliveryView(deps, delivery), isNew ? 202 : 200)
    }
  })
}

async function signedRequest(c: Context<AppEnv>): Promise<SignedRequest> {
  refuseEncoded(c)
  const bytes = await readUpTo(c.req.raw.body, eventLimit)
  return { header: (name) => c.req.header(name), bytes }
}

/** The same answer for a service that is not there: this is no way to find out which there are. */
async function isGenuine(
  { store, secrets, now }: AppDeps,
  provider: WebhookProvider,
  serviceId: string,
  request: SignedRequest,
): Promise<boolean> {
  const stored = await store.webhooks.secret(serviceId)
  if (!stored) return false
  return isSigned(provider, secrets.open(stored.sealed, webhookSecretContext(serviceId)), request, now())
}

function eventOf(provider: WebhookProvider, request: SignedRequest): WebhookEvent {
  try {
    return readEvent(provider, request)
  } catch (error) {
    if (!(error instanceof UnreadableEvent)) throw error
    throw new Refusal(
      422,
      'UnreadableEvent',
      `${error.message} Choose JSON, with pushes and pull requests, in the forge's settings.`,
    )
  }
}

const unsigned = () =>
  new Refusal(
    401,
    'BadSignature',
    'The signature does not fit, is too old, or the service has no webhook secret. `sluice webhook create` makes one.',
  )

const tooMany = (seconds: number) =>
  new Refusal(
    429,
    'TooManyBadSignatures',
    `Too many wrong signatures came from this address. Try again in ${seconds} seconds.`,
    { headers: { 'Retry-After': String(seconds) } },
  )
