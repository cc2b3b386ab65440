import type { Environment } from '../../contract/service.ts'
import { Action } from './action.tsx'
import { Allowed } from './allowed.tsx'
import { plainText } from './commit.tsx'
import { Line } from './field.tsx'
import { State } from './state.tsx'
import { Moment } from './time.tsx'

interface HoldProps {
  environment: Environment
  path: string
}

/** To say that nothing is to be deployed; nothing where somebody has said so. */
export const HoldButton = ({ environment: { hold }, path }: HoldProps) =>
  hold ? null : (
    <Allowed needs="deployer">
      <div id="hold">
        <Action
          name="Hold"
          to={`${path}/hold`}
          ask="Let nothing be deployed here until the hold is lifted? What was accepted goes on, and a rollback is always possible."
          confirm="Yes, hold it"
        >
          <Line id="hold-reason" name="reason" label="Why" required maxlength={500} />
        </Action>
      </div>
    </Allowed>
  )

/** That somebody has said so, and why. */
export function Held({ environment: { hold }, path }: HoldProps) {
  if (!hold) return null
  return (
    <section class="card held" id="hold">
      <h2>
        <State tone="bad" word="Held" />
      </h2>
      <p>{plainText(hold.reason)}</p>
      <p class="hint">
        By {plainText(hold.by)}, <Moment at={hold.since} />. Nothing is deployed here but rollbacks.
      </p>
      <Action
        name="Lift the hold"
        to={`${path}/unhold`}
        ask="Let deployments begin again?"
        confirm="Yes, lift it"
        kind="primary"
      />
    </section>
  )
}
