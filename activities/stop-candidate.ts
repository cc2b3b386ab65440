import type { DeployInput } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'
import { instanceId } from './candidate.ts'
import { crashPoint } from './crash-point.ts'
import { attended } from './step.ts'

/** Milliseconds; a candidate has no requests to finish, and a cancel should be over within 2 s. */
const grace = 1000

/** Undo of validate. Never stops what is live. */
export const stopCandidate =
  ({ runtime, releases }: Pick<Ports, 'runtime' | 'releases'>) =>
  (input: DeployInput): Promise<void> =>
    attended(async () => {
      const live = await releases.live(input.serviceId, input.environment)
      if (live?.number === input.number) throw new Error(`${instanceId(input)} is live: it is not stopped`)
      await runtime.stop(instanceId(input), grace)
      crashPoint('candidate stopped', input)
    })
