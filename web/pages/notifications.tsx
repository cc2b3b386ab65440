import type { NotificationTarget } from '../../contract/notification.ts'
import type { ServiceSettingsView } from '../read/service-settings.ts'
import { Action } from './action.tsx'
import { Allowed } from './allowed.tsx'
import { Choice, Line } from './field.tsx'
import { ShownOnce } from './shown-once.tsx'

/** Who is told of the deployments of a service. */
export const Notifications = (view: ServiceSettingsView & { path: string }) => (
  <section class="card" id="notifications">
    <h2>Notifications</h2>
    {view.made?.targets?.map(({ name, secret }) => (
      <ShownOnce what={`The secret that ${name} is signed with.`} value={secret ?? ''} />
    ))}
    {view.targets.length === 0 ? <p class="hint">Nobody is told of deployments.</p> : null}
    <ul class="plain rows">
      {view.targets.map((target) => (
        <Target target={target} path={view.path} />
      ))}
    </ul>
    <Allowed needs="admin">
      <h3>Tell somebody</h3>
      <NewTarget {...view} />
    </Allowed>
  </section>
)

const Target = ({ target, path }: { target: NotificationTarget; path: string }) => (
  <li data-entry>
    <strong>{target.name}</strong>
    <span class="badge">{target.kind}</span>
    <code class="grow">{target.url}</code>
    <span class="hint">{target.events.join(', ')}</span>
    <span class="hint">
      {target.environments.length === 0 ? 'all environments' : target.environments.join(', ')}
    </span>
    <Action
      name="Remove"
      to={`${path}/notifications/remove`}
      needs="admin"
      fields={{ name: target.name }}
      ask={`Tell ${target.name} nothing more?`}
      confirm="Yes, remove it"
      kind="danger"
    />
  </li>
)

const NewTarget = ({ choices, path }: ServiceSettingsView & { path: string }) => (
  <form method="post" action={`${path}/notifications`} class="stack fields">
    <Line id="name" label="Name; one that is there already is changed" required placeholder="chat" />
    <Choice id="kind" label="Kind" options={choices.kinds} />
    <Line id="url" label="Address; empty for the public GitHub or GitLab" placeholder="https://…" />
    <Line
      id="target-secret"
      name="secret"
      label="Secret: a token that may set commit statuses; for a webhook one is made when empty"
      type="password"
    />
    <Line id="environments" label="Environments; empty for all" placeholder="production staging" />
    <fieldset>
      <legend>Events</legend>
      {choices.events.map((event) => (
        <label class="check">
          <input type="checkbox" name="events" value={event} checked /> {event}
        </label>
      ))}
    </fieldset>
    <div>
      <button class="primary">Save</button>
    </div>
  </form>
)
