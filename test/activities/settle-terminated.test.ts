import { createServer } from 'node:net'
import { expect, test, vi } from 'vitest'
import { keepSpec } from '../../activities/kept-spec.ts'
import { settleTerminated } from '../../activities/settle-terminated.ts'
import { restoreLive } from '../../worker/instances.ts'
import { hostBench, quiet } from '../worker/host-bench.ts'
import { activity, inputOf } from './attempt.ts'
import { useStoreAndRouter } from '../worker/use-store-and-router.ts'

// Real processes, a database and a router: patience costs nothing where it is not needed.
vi.setConfig({ testTimeout: 60_000 })

const shared = useStoreAndRouter()

test('one that has the traffic stays live, also after a reboot in its soak has given it another port', async () => {
  const shop = await hostBench(shared, 'rebooted')
  const { ports } = shop
  await shop.live(1)
  await shop.deployment(2, 'RUNNING')
  const { port } = await shop.start(2)
  await keepSpec(ports, shop.release(2), {
    ...shop.spec(shop.command, { id: shop.idOf(2), serviceId: 'rebooted', drainMs: 300 }),
    directory: ports.releases.directory(shop.release(2)),
  })
  // Switched, but cut off before the store followed.
  const [fence, instance] = [{ deployment: 2, revision: 0 }, shop.idOf(2)]
  const target = { instance, host: '127.0.0.1', port }
  await ports.router.change({ route: 'rebooted/production', fence, hosts: ['rebooted.localhost'], target })
  const live = { number: 2, releaseNumber: 2, instance, port }
  await ports.releases.setLive('rebooted', 'production', fence, live)
  await shop.runtime.halt(shop.idOf(2), 300)
  const thief = createServer().listen(port, '127.0.0.1')
  try {
    await restoreLive(ports, quiet)
  } finally {
    thief.close()
  }
  const moved = (await shop.runtime.status(shop.idOf(2)))!.port
  expect(moved).not.toBe(port)
  expect(await activity().run(settleTerminated(ports), inputOf('rebooted', 2))).toEqual({ live: true })
  expect(await ports.releases.live('rebooted', 'production')).toMatchObject({ number: 2, port: moved })
  expect((await shared.store.environments.find('rebooted', 'production'))!.live).toMatchObject({ number: 2 })
  expect((await shop.runtime.list()).map(({ id }) => id)).toEqual([shop.idOf(2)])
})
