import type { Environment } from '../../contract/service.ts'
import { Action } from './action.tsx'

/** Variables that the live release does not run with yet, and the way to them. */
export function PendingChanges({ environment, path }: { environment: Environment; path: string }) {
  const { pendingChanges, live } = environment
  if (!live || pendingChanges.length === 0) return null
  return (
    <section class="card" id="pending">
      <h2>Not live yet</h2>
      <ul class="plain">
        {pendingChanges.map(({ name, change }) => (
          <li>
            <code>{name}</code> <span class="badge">{change}</span>
          </li>
        ))}
      </ul>
      <div class="actions">
        <Action
          name="Apply"
          to={`${path}/restart`}
          ask="Bring the live release up anew with these variables? Nothing is built; the new processes are checked before they get the traffic."
          confirm="Yes, apply them"
          kind="primary"
        />
      </div>
    </section>
  )
}
