import type { Deployment } from '../../contract/deployment.ts'
import { pathOf } from '../api.ts'
import { Action } from './action.tsx'
import { Line } from './field.tsx'
import { StatusWord } from './status.tsx'

/** A deployment that waits for somebody to say yes or no. */
export function Approval({ deployment }: { deployment: Deployment | undefined }) {
  if (deployment?.status !== 'WAITING_APPROVAL') return null
  const to = pathOf('deployments', deployment.id)
  return (
    <section class="card" id="approval-asked">
      <p>
        <StatusWord status="WAITING_APPROVAL" /> <a href={to}>#{deployment.number}</a>
      </p>
      <div class="actions">
        <Action
          name="Approve"
          to={`${to}/approve`}
          needs="admin"
          ask={`Let #${deployment.number} go on, and become live?`}
          confirm="Yes, go on"
          kind="primary"
        />
        <Action
          name="Reject"
          to={`${to}/reject`}
          needs="admin"
          ask={`End #${deployment.number}? What it has made is removed.`}
          confirm="Yes, reject it"
          kind="danger"
        >
          <Line id="reject-reason" name="reason" label="Why" maxlength={500} />
        </Action>
      </div>
    </section>
  )
}
