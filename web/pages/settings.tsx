import { pathOf } from '../api.ts'
import type { Frame } from '../index.ts'
import type { SettingsView } from '../read/settings.ts'
import { Allowed } from './allowed.tsx'
import { Layout, render } from './layout.tsx'
import { Tokens } from './tokens.tsx'

export const settingsPage = (view: SettingsView & { frame: Frame }) => {
  const { frame, caller, services } = view
  return render(
    <Layout frame={frame} title="Settings">
      <div class="heading">
        <h1>Settings</h1>
      </div>
      <section class="card">
        <h2>Signed in</h2>
        <p>
          As <strong>{caller.name}</strong>, with the role <strong>{caller.role}</strong>{' '}
          {caller.serviceId === null ? 'for all services' : `for the service ${caller.serviceId} alone`}.
        </p>
        <Allowed needs="admin">
          <p>
            <a href="/audit">Who changed what</a>
          </p>
        </Allowed>
      </section>
      <section class="card" id="services">
        <h2>Webhooks and notifications</h2>
        {services.length === 0 ? <p class="hint">There is no service yet.</p> : null}
        <ul class="plain rows">
          {services.map(({ serviceId }) => (
            <li data-entry>
              <a href={`${pathOf('services', serviceId)}/settings`}>{serviceId}</a>
            </li>
          ))}
        </ul>
      </section>
      <Allowed needs="admin">
        <Tokens {...view} />
      </Allowed>
    </Layout>,
  )
}
