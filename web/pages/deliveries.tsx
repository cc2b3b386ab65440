import type { Delivery, DeliveryResultView } from '../../contract/webhook.ts'
import { pathOf } from '../api.ts'
import type { ServiceSettingsView } from '../read/service-settings.ts'
import { Action } from './action.tsx'
import { plainText } from './commit.tsx'
import { State } from './state.tsx'
import { Moment } from './time.tsx'

/** What forges have delivered, and what became of it. */
export const Deliveries = ({ deliveries, path }: ServiceSettingsView & { path: string }) => (
  <section class="card" id="deliveries">
    <h2>Deliveries</h2>
    {deliveries.data.length === 0 ? <p class="hint">None yet.</p> : null}
    <ul class="plain rows">
      {deliveries.data.map((delivery) => (
        <DeliveryRow delivery={delivery} path={path} />
      ))}
    </ul>
    {deliveries.nextCursor ? (
      <a
        class="button"
        href={`${path}?${new URLSearchParams({ deliveries: deliveries.nextCursor })}#deliveries`}
      >
        Older
      </a>
    ) : null}
  </section>
)

const tones = {
  pending: 'busy',
  deployed: 'good',
  removed: 'off',
  superseded: 'off',
  rejected: 'bad',
  ignored: 'off',
} as const

const DeliveryRow = ({ delivery, path }: { delivery: Delivery; path: string }) => (
  <li data-entry>
    <State tone={tones[delivery.outcome]} word={delivery.outcome} />
    <span class="grow">
      {delivery.provider} <code>{plainText(delivery.event)}</code>
      {delivery.redeliveryOf ? <span class="badge">again</span> : null}
      <ul class="plain">
        {delivery.results.map((result) => (
          <li>
            <Result result={result} />
          </li>
        ))}
      </ul>
    </span>
    <code class="hint">{plainText(delivery.deliveryId)}</code>
    <span class="hint">
      <Moment at={delivery.receivedAt} />
    </span>
    {delivery.settledAt ? (
      <Action
        name="Deliver again"
        to={`${path}/deliveries/redeliver`}
        fields={{ id: delivery.id }}
        ask="Do again what this delivery asked for? Its commits are deployed once more."
        confirm="Yes, deliver it again"
      />
    ) : null}
  </li>
)

const Result = ({ result }: { result: DeliveryResultView }) => (
  <span class="hint">
    {result.environment ? `${result.environment}: ` : ''}
    {result.deploymentId ? (
      <a href={pathOf('deployments', result.deploymentId)}>{result.deploymentId}</a>
    ) : (
      result.outcome
    )}
    {result.supersededBy ? (
      <>
        , superseded by <a href={pathOf('deployments', result.supersededBy)}>{result.supersededBy}</a>
      </>
    ) : null}
    {result.reason ? ` – ${plainText(result.reason)}` : ''}
  </span>
)
