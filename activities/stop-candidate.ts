import type { DeployInput } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'
import { instanceId } from './candidate.ts'
import { asUndo } from './step.ts'
import { previousStamp } from './switch-traffic.ts'
import { stopProcesses } from './workers.ts'

/** Milliseconds; a candidate has no requests to finish, and a cancel should be over within 2 s. */
const grace = 1000

/** Milliseconds for the requests of one that had traffic already, and lost it. */
const drainLimit = 5000

/** Undo of validate. Never stops what is live. */
export const stopCandidate = ({
  router,
  runtime,
  releases,
}: Pick<Ports, 'router' | 'runtime' | 'releases'>) =>
  asUndo('stop', async (input: DeployInput, signal): Promise<void> => {
    const id = instanceId(input)
    const live = await releases.live(input.serviceId, input.environment)
    if (live?.number === input.number) throw new Error(`${id} is live: it is not stopped`)
    const hadTraffic = (await releases.stampOf(input, previousStamp(input.number))) !== undefined
    if (hadTraffic) await router.drain(id, drainLimit, signal)
    await stopProcesses(runtime, id, hadTraffic ? drainLimit : grace)
  })
