import { compareFences } from '../contract/routing.ts'
import type { DeployInput } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'
import type { LiveRelease } from '../ports/releases.ts'
import { attended } from './step.ts'
import { previousStamp, routeOf } from './switch-traffic.ts'

/** Undo of the switch. Harmless when it never happened, and when a newer deployment has switched since. */
export const restoreTraffic =
  ({ router, releases, store }: Pick<Ports, 'router' | 'releases' | 'store'>) =>
  (input: DeployInput): Promise<void> =>
    attended(async () => {
      const noted = await releases.stampOf<{ live: LiveRelease | null }>(input, previousStamp(input.number))
      if (!noted) return
      const fence = { deployment: input.number, revision: 1 }
      const route = routeOf(input)
      const now = await router.find(route)
      if (now && compareFences(now.fence, { ...fence, revision: 0 }) === 0) {
        const { live } = noted
        const target = live && { instance: live.instance, host: '127.0.0.1', port: live.port }
        await router.change({ route, fence, hosts: now.hosts, target })
      }
      const pointer = await releases.live(input.serviceId, input.environment)
      if (pointer?.number !== input.number) return
      await releases.setLive(input.serviceId, input.environment, fence, noted.live)
      await store.deployments.unmarkLive(input, noted.live?.number ?? null)
    })
