import {
  notificationEvents,
  notificationKinds,
  type Delivery as Sent,
  type NotificationTarget,
} from '../../contract/notification.ts'
import type { PreviewRule } from '../../contract/preview.ts'
import type { Service } from '../../contract/service.ts'
import type { Delivery, NewWebhook } from '../../contract/webhook.ts'
import { pathOf, type Api } from '../api.ts'

interface Page<T> {
  data: T[]
  nextCursor: string | null
}

export interface Webhook {
  configured: boolean
  createdAt: string | null
  urls: Record<string, string>
}

export interface ServiceSettingsView {
  service: Service
  /** Undefined for who may not see it. */
  webhook: Webhook | undefined
  previewRule: PreviewRule | undefined
  deliveries: Page<Delivery>
  targets: NotificationTarget[]
  sent: Page<Sent>
  choices: { kinds: readonly string[]; events: readonly string[] }
  /** Made just now: the only time that they can be shown. */
  made?: { webhook?: NewWebhook; targets?: NotificationTarget[] }
}

/** Entries of each of the lists. */
const shown = '20'

/** `deliveries` and `sent` of the query are cursors. */
export async function readServiceSettings(
  api: Api,
  id: string,
  query: Record<string, string> = {},
): Promise<ServiceSettingsView> {
  const path = pathOf('services', id)
  const pageOf = (cursor: string | undefined) =>
    new URLSearchParams({ limit: shown, ...(cursor ? { cursor } : {}) })
  const [service, webhook, previewRule, deliveries, notifications, sent] = await Promise.all([
    api.get<Service>(path),
    api.find<Webhook>(`${path}/webhook`),
    api.find<PreviewRule>(`${path}/preview-rule`),
    api.get<Page<Delivery>>(`${path}/deliveries?${pageOf(query['deliveries'])}`),
    api.get<{ targets: NotificationTarget[] }>(`${path}/notifications`),
    api.get<Page<Sent>>(`${path}/notifications/deliveries?${pageOf(query['sent'])}`),
  ])
  return {
    service,
    webhook,
    previewRule,
    deliveries,
    targets: notifications.targets,
    sent,
    choices: { kinds: notificationKinds, events: notificationEvents },
  }
}
