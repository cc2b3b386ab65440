import type { ServiceSettingsView } from '../read/service-settings.ts'
import { Action } from './action.tsx'
import { Allowed } from './allowed.tsx'
import { Line } from './field.tsx'
import { ShownOnce } from './shown-once.tsx'
import { State } from './state.tsx'
import { Moment } from './time.tsx'

/** Whether forges may tell of pushes, and how they are told to. */
export const WebhookCard = ({ webhook, made, path }: ServiceSettingsView & { path: string }) => (
  <section class="card" id="webhook">
    <h2>Webhook</h2>
    {made?.webhook ? <ShownOnce what="The secret of the webhook." value={made.webhook.secret} /> : null}
    {webhook === undefined ? <p class="hint">Who is no admin sees the deliveries only.</p> : null}
    {webhook ? (
      <p>
        {webhook.configured ? (
          <>
            <State tone="good" word="Accepts pushes" /> since <Moment at={webhook.createdAt} />
          </>
        ) : (
          <State tone="off" word="No secret yet: nothing is accepted" />
        )}
      </p>
    ) : null}
    {webhook ? (
      <dl class="plan">
        {Object.entries(webhook.urls).map(([forge, url]) => (
          <div>
            <dt>{forge}</dt>
            <dd>
              <code>{url}</code>
            </dd>
          </div>
        ))}
      </dl>
    ) : null}
    <Allowed needs="admin">
      <div class="actions">
        <Action
          name={webhook?.configured ? 'New secret' : 'Make a secret'}
          to={`${path}/webhook`}
          needs="admin"
          ask={
            webhook?.configured
              ? 'Make another secret? What forges sign with the one of now is refused.'
              : 'Make the secret that the forge signs with? It is shown once.'
          }
          confirm="Make it"
          kind="primary"
        />
        <Action
          name="Use the secret of the forge"
          to={`${path}/webhook`}
          needs="admin"
          ask="For a forge that makes the secret itself, as GitLab's signing token:"
          confirm="Use it"
        >
          <Line id="secret" label="Secret" type="password" required />
        </Action>
        {webhook?.configured ? (
          <Action
            name="Remove"
            to={`${path}/webhook/remove`}
            needs="admin"
            ask="Accept no more deliveries?"
            confirm="Yes, accept none"
            kind="danger"
          />
        ) : null}
      </div>
    </Allowed>
  </section>
)
