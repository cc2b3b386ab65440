import { pathOf } from '../api.ts'
import type { Frame } from '../index.ts'
import type { ServiceSettingsView } from '../read/service-settings.ts'
import { Deliveries } from './deliveries.tsx'
import { Layout, render } from './layout.tsx'
import { Notifications } from './notifications.tsx'
import { PreviewRuleCard } from './preview-rule.tsx'
import { SentNotifications } from './sent-notifications.tsx'
import { WebhookCard } from './webhook.tsx'

/** What a service hears of forges, and whom it tells. */
export const serviceSettingsPage = (view: ServiceSettingsView & { frame: Frame }) => {
  const { serviceId } = view.service
  const path = `${pathOf('services', serviceId)}/settings`
  return render(
    <Layout frame={view.frame} title={`Settings of ${serviceId}`}>
      <nav class="crumbs" aria-label="Where">
        <a href="/settings">Settings</a>
        <a href={pathOf('services', serviceId)}>{serviceId}</a>
      </nav>
      <div class="heading">
        <h1>Settings of {serviceId}</h1>
      </div>
      <WebhookCard {...view} path={path} />
      <PreviewRuleCard {...view} path={path} />
      <Deliveries {...view} path={path} />
      <Notifications {...view} path={path} />
      <SentNotifications {...view} path={path} />
    </Layout>,
  )
}
