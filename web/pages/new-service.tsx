import type { Problem } from '../../contract/problems.ts'
import type { Frame } from '../index.ts'
import { mayAs } from '../../contract/roles.ts'
import { OnceKey } from './action.tsx'
import { Allowed } from './allowed.tsx'
import { Layout, render } from './layout.tsx'

interface NewServiceView {
  frame: Frame
  problem?: Problem | undefined
  /** What was given before. */
  given?: Partial<Record<'serviceId' | 'url' | 'environment' | 'branch', string | undefined>>
}

export const newServicePage = ({ frame, problem, given = {} }: NewServiceView) =>
  render(
    <Layout frame={frame} title="New service">
      <section class="card narrow">
        <h1>New service</h1>
        {mayAs(frame.caller?.role ?? 'viewer', 'admin') ? null : (
          <p class="hint">Only an admin can add a service.</p>
        )}
        {problem ? (
          <div class="alert" role="alert">
            {problem.detail}
            {problem.errors?.map(({ pointer, message }) => (
              <p>
                <code>{pointer}</code> {message}
              </p>
            ))}
          </div>
        ) : null}
        <Allowed needs="admin">
          <form method="post" action="/new" class="stack">
            <OnceKey />
            <label for="url">Repository</label>
            <input
              id="url"
              name="url"
              value={given.url}
              required
              placeholder="https://github.com/you/shop.git"
              spellcheck={false}
            />
            <label for="serviceId">Name</label>
            <input id="serviceId" name="serviceId" value={given.serviceId} required placeholder="shop" />
            <label for="environment">Environment</label>
            <input id="environment" name="environment" value={given.environment ?? 'production'} required />
            <label for="branch">Branch</label>
            <input id="branch" name="branch" value={given.branch ?? 'main'} required />
            <p class="hint">Nothing is deployed yet: next you see what would be run, and what is missing.</p>
            <button class="primary">Go on</button>
          </form>
        </Allowed>
      </section>
    </Layout>,
  )
