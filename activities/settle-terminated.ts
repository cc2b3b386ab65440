import { releaseId } from '../contract/names.ts'
import type { DeployInput, Settled } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'
import { instanceId } from './candidate.ts'
import { discard } from './discard-release.ts'
import { restore } from './restore-traffic.ts'
import { retireInstances } from './retire-old-releases.ts'
import { asUndo } from './step.ts'
import { routeOf } from './switch-traffic.ts'
import { stopProcesses } from './workers.ts'

/**
 * After a deployment workflow was cut off without compensation. What the router says decides: if traffic goes to
 * its release, that release stays and the pointer follows; otherwise everything of it is removed.
 */
export const settleTerminated = (
  ports: Pick<Ports, 'router' | 'runtime' | 'releases' | 'store' | 'jobs' | 'secrets'>,
) =>
  asUndo('settle', async (input: DeployInput, signal): Promise<Settled> => {
    const { router, runtime, releases, store, jobs } = ports
    const id = instanceId(input)
    const route = await router.find(routeOf(input))
    if (route?.target?.instance !== id) {
      const migrating = await isMigrating(store, input)
      // Cut off in the middle of taking the switch back, it may still be what the pointer names.
      await restore(ports, input)
      await jobs.discard(`${id}/`)
      await stopProcesses(runtime, id, 0)
      await discard(ports, input)
      return { live: false, migrating }
    }
    await jobs.discard(`${id}/`)
    const { serviceId, environment, number, releaseNumber } = input
    const live = { number, releaseNumber, instance: id, port: route.target.port }
    // With the route's own fence: both may have followed the instance to another port since the switch.
    await releases.setLive(serviceId, environment, route.fence, live)
    await store.deployments.markLive(input)
    // Its own cleanup never came.
    await retireInstances(ports, input, signal)
    return { live: true }
  })

/** Its hook may have been started, and is ended now wherever it is. */
async function isMigrating(store: Ports['store'], input: DeployInput): Promise<boolean> {
  const { serviceId, environment, deploymentId, releaseNumber } = input
  const steps = (await store.deployments.find(deploymentId))?.steps ?? []
  if (!steps.some(({ name, status }) => name === 'migrate' && status === 'RUNNING')) return false
  const release = await store.releases.find(releaseId(serviceId, environment, releaseNumber))
  const hook = release?.plan.migrate
  return hook !== null && !hook?.repeatable
}
