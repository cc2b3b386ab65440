import type { Delivery } from '../../contract/notification.ts'
import { pathOf } from '../api.ts'
import type { ServiceSettingsView } from '../read/service-settings.ts'
import { plainText } from './commit.tsx'
import { State } from './state.tsx'
import { Moment } from './time.tsx'

/** What was sent, and what became of it. */
export const SentNotifications = ({ sent, path }: ServiceSettingsView & { path: string }) => (
  <section class="card" id="sent">
    <h2>Sent notifications</h2>
    {sent.data.length === 0 ? <p class="hint">None in the last 30 days.</p> : null}
    <ul class="plain rows">
      {sent.data.map((one) => (
        <SentRow sent={one} />
      ))}
    </ul>
    {sent.nextCursor ? (
      <a class="button" href={`${path}?${new URLSearchParams({ sent: sent.nextCursor })}#sent`}>
        Older
      </a>
    ) : null}
  </section>
)

const words = {
  PENDING: ['busy', 'Pending'],
  DELIVERED: ['good', 'Delivered'],
  FAILED: ['bad', 'Failed'],
} as const

function SentRow({ sent }: { sent: Delivery }) {
  const [tone, word] = words[sent.status]
  return (
    <li data-entry>
      <State tone={tone} word={word} />
      <span>{sent.target}</span>
      <span class="grow">
        {sent.event} of <a href={pathOf('deployments', sent.deploymentId)}>{sent.deploymentId}</a>
      </span>
      {sent.attempts > 1 ? <span class="badge">{sent.attempts} attempts</span> : null}
      <span class="hint">
        {sent.lastStatus ?? ''} {sent.lastError ? plainText(sent.lastError) : ''}
      </span>
      <span class="hint">
        <Moment at={sent.createdAt} />
      </span>
    </li>
  )
}
