import { z } from '@hono/zod-openapi'
import { serviceIdSchema } from './service.ts'

export const webhookProviders = ['github', 'gitlab', 'gitea', 'forgejo', 'bitbucket'] as const
export type WebhookProvider = (typeof webhookProviders)[number]

export const webhookProviderSchema = z.enum(webhookProviders).openapi({ example: 'github' })

export const putWebhookSchema = z
  .strictObject({
    secret: z
      .string()
      .regex(/^[\x21-\x7e]{16,200}$/, 'must be 16 to 200 visible ASCII characters')
      .optional()
      .describe('One that the forge has made (GitLab signing token); without it a new one is made'),
  })
  .openapi('PutWebhook')

const urls = z.record(webhookProviderSchema, z.string()).describe('Where each kind of forge delivers to')

export const webhookSchema = z
  .object({ configured: z.boolean(), createdAt: z.iso.datetime().nullable(), urls })
  .openapi('Webhook')

export const newWebhookSchema = z
  .object({ secret: z.string().describe('Shown this once'), createdAt: z.iso.datetime(), urls })
  .openapi('NewWebhook')
export type NewWebhook = z.infer<typeof newWebhookSchema>

export const deliveryOutcomes = [
  'pending',
  'deployed',
  'removed',
  'superseded',
  'rejected',
  'ignored',
] as const

const deliveryResultSchema = z
  .object({
    environment: z.string().nullable(),
    outcome: z.enum(deliveryOutcomes),
    deploymentId: z.string().nullable(),
    supersededBy: z.string().nullable(),
    reason: z.string().nullable().describe('Why, where that needs to be said'),
  })
  .openapi('DeliveryResult')
export type DeliveryResultView = z.infer<typeof deliveryResultSchema>

export const deliverySchema = z
  .object({
    id: z.string(),
    serviceId: serviceIdSchema,
    provider: z.string().describe('The forge, or `sweep` for a push that no forge has told of'),
    deliveryId: z.string().describe("The forge's own id; the same one again changes nothing"),
    event: z.string(),
    outcome: z.enum(deliveryOutcomes),
    results: z.array(deliveryResultSchema),
    redeliveryOf: z.string().nullable(),
    receivedAt: z.iso.datetime(),
    settledAt: z.iso.datetime().nullable(),
  })
  .openapi('Delivery')
export type Delivery = z.infer<typeof deliverySchema>

export const listDeliveriesSchema = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(200).optional(),
})
