import { queuePolicies } from '../../contract/queue-policy.ts'
import type { Environment } from '../../contract/service.ts'
import { Choice, Line } from './field.tsx'

const minute = 60

const meanings = {
  'newest-wins': 'the newest takes the place of those that wait',
  every: 'each has its turn',
  reject: 'none may wait',
} as const

/** How deployments are let in. */
export const DeployRules = ({ environment, path }: { environment: Environment; path: string }) => (
  <section class="card" id="rules">
    <h2>How deployments begin</h2>
    <form method="post" action={`${path}/rules`} class="stack fields">
      <label class="check">
        <input type="checkbox" name="autoDeploy" value="true" checked={environment.autoDeploy} /> deploy what
        is pushed to {environment.branch}
      </label>
      <Choice
        id="queue"
        label="When another one is asked for"
        none="the newest push wins, of the rest each has its turn"
        options={queuePolicies.map((policy): [string, string] => [policy, meanings[policy]])}
        value={environment.queue ?? undefined}
      />
      <Line
        id="approval"
        label="Minutes that each waits for an approval before it migrates; empty when none is needed"
        type="number"
        min={1}
        value={environment.approval ? String(Math.ceil(environment.approval.within / minute)) : ''}
      />
      <div>
        <button>Save</button>
      </div>
    </form>
  </section>
)
