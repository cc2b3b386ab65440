import { z } from '@hono/zod-openapi'
import { environmentNameSchema } from './service.ts'

export const notificationEvents = [
  'deployment.started',
  'deployment.succeeded',
  'deployment.failed',
  'deployment.canceled',
  'deployment.rolled_back',
] as const
export type NotificationEvent = (typeof notificationEvents)[number]

/** `webhook`: Standard Webhooks. `slack`: an incoming webhook. `github`, `gitlab`: the status of the commit. */
export const notificationKinds = ['webhook', 'slack', 'github', 'gitlab'] as const
export type NotificationKind = (typeof notificationKinds)[number]

export const deliveryStatuses = ['PENDING', 'DELIVERED', 'FAILED'] as const
export type DeliveryStatus = (typeof deliveryStatuses)[number]

/** What is told of a deployment, as it was when it happened. */
export interface NotificationData {
  id: string
  number: number
  serviceId: string
  environment: string
  status: string
  trigger: string
  ref: string
  commitSha: string | null
  commitMessage: string | null
  repoFullName: string | null
  serviceUrl: string | null
  failure: { step: string | null; code: string; hint: string } | null
}

/** https://github.com/standard-webhooks/standard-webhooks: `whsec_` and 24 to 64 bytes in base64. */
export const webhookSecretPattern = /^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/

const events = z
  .array(z.enum(notificationEvents))
  .min(1)
  .max(notificationEvents.length)
  .default([...notificationEvents])
const environments = z
  .array(environmentNameSchema)
  .max(50)
  .default([])
  .describe('Only deployments of these; of all when empty')

export const newTargetSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/, 'must be lower-case letters, digits and -'),
    kind: z.enum(notificationKinds),
    url: z
      .string()
      .min(1)
      .max(2048)
      .optional()
      .describe(
        'Where to; for github and gitlab the address of their API, that of the public one when absent',
      ),
    secret: z
      .string()
      .regex(/^[\x21-\x7e]{8,256}$/, 'must be 8 to 256 visible ASCII characters')
      .optional()
      .describe(
        'For a webhook the signing secret (whsec_…), made when absent; for github and gitlab a token that may set commit statuses. Absent for a target that exists: the one it has',
      ),
    events,
    environments,
  })
  .openapi('NewNotificationTarget')
export type NewTarget = z.output<typeof newTargetSchema>

export const putNotificationsSchema = z
  .strictObject({ targets: z.array(newTargetSchema).max(20) })
  .openapi('PutNotifications')

export const targetSchema = z
  .object({
    name: z.string(),
    kind: z.enum(notificationKinds),
    url: z.string().describe('Without what follows the host where that may be a secret'),
    events: z.array(z.enum(notificationEvents)),
    environments: z.array(z.string()),
    secret: z.string().optional().describe('Shown once, in the answer that made it'),
  })
  .openapi('NotificationTarget')
export type NotificationTarget = z.infer<typeof targetSchema>

export const notificationsSchema = z.object({ targets: z.array(targetSchema) }).openapi('Notifications')
export type Notifications = z.infer<typeof notificationsSchema>

export const deliverySchema = z
  .object({
    id: z.string().describe('The header webhook-id: the same at each attempt'),
    target: z.string(),
    deploymentId: z.string(),
    event: z.enum(notificationEvents),
    status: z.enum(deliveryStatuses),
    attempts: z.number().int(),
    lastStatus: z.number().int().nullable().describe('HTTP status of the last attempt that got an answer'),
    lastError: z.string().nullable(),
    createdAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().nullable(),
  })
  .openapi('NotificationDelivery')
export type Delivery = z.infer<typeof deliverySchema>

export const listDeliveriesSchema = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50).openapi({ type: 'integer' }),
  cursor: z.string().max(200).optional(),
})
