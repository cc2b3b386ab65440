import { defaults } from '../contract/defaults.ts'
import { isWeb } from '../contract/instance-id.ts'
import type { TeardownInput } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'
import { asUndo } from './step.ts'
import { routeOf } from './switch-traffic.ts'

/**
 * Removes the route first, so that no request meets a service that is being stopped. Runs end before the releases in
 * which they are, and those that began meanwhile after them: from then on none can begin. Safe to repeat.
 */
export const removeEnvironment = ({
  router,
  runtime,
  releases,
  jobs,
}: Pick<Ports, 'router' | 'runtime' | 'releases' | 'jobs'>) =>
  asUndo('remove', async (input: TeardownInput, signal): Promise<void> => {
    const prefix = `${routeOf(input)}/`
    await router.remove(routeOf(input), { deployment: input.number, revision: 2 })
    await jobs.discard(prefix)
    const instances = await runtime.list(prefix)
    await Promise.all(
      instances.map(async ({ id }) => {
        if (isWeb(id)) await router.drain(id, defaults.drain, signal)
        await runtime.stop(id, defaults.drain)
      }),
    )
    await releases.forget(input.serviceId, input.environment)
    await jobs.forget(input.serviceId, input.environment)
  })
