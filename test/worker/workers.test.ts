import { rmSync } from 'node:fs'
import path from 'node:path'
import { MockActivityEnvironment } from '@temporalio/testing'
import { expect, test, vi } from 'vitest'
import { restoreTraffic } from '../../activities/restore-traffic.ts'
import { retireInstances } from '../../activities/retire-old-releases.ts'
import { stopCandidate } from '../../activities/stop-candidate.ts'
import { switchTraffic } from '../../activities/switch-traffic.ts'
import { watchRelease } from '../../activities/watch-release.ts'
import { keepSpec } from '../../activities/kept-spec.ts'
import { readProcess } from '../../adapters/process/process-table.ts'
import type { DeployInput } from '../../contract/workflows.ts'
import { restoreLive, restoreUnderWay } from '../../worker/instances.ts'
import { until } from '../process/host.ts'
import { hostBench, quiet } from './host-bench.ts'
import { useStoreAndRouter } from './use-store-and-router.ts'

vi.setConfig({ testTimeout: 60_000 })

const shared = useStoreAndRouter()

const steady = { command: 'echo "port ${PORT-none}"; exec sleep 600', reason: '' }
/** Boots within a moment, whatever the standard is. */
const quick = { bootTimeoutMs: 300, drainMs: 300 }

/** A host with a live release that has a worker, and with what a deployment does to it. */
async function hostWithWorker(serviceId: string) {
  const bench = await hostBench(shared, serviceId)
  const { ports, runtime } = bench
  const input = (number: number) => ({ ...bench.release(number), host: 'local' }) as DeployInput
  const run = <T>(act: (of: DeployInput) => Promise<T>, number: number): Promise<T> =>
    new MockActivityEnvironment({ scheduledTimestampMs: Date.now() }).run(act, input(number)) as Promise<T>
  const worker = (number: number) => runtime.status(`${bench.idOf(number)}/worker`)
  const shop = {
    ...bench,
    worker,
    async candidate(number: number, command = steady.command) {
      const processes = { worker: { command, reason: '' } }
      await bench.deployment(number, 'RUNNING', { ...quick, processes })
      await bench.start(number)
      await keepSpec(ports, bench.release(number), {
        ...bench.spec(bench.command, { id: bench.idOf(number), serviceId, drainMs: 300 }),
        directory: ports.releases.directory(bench.release(number)),
      })
    },
    switch: (number: number) => run(switchTraffic(ports, { soakMs: 0 }), number),
    watch: (number: number) => run(watchRelease(ports, { soakMs: 60_000 }), number),
    restore: (number: number) => run(restoreTraffic(ports), number),
    stop: (number: number) => run(stopCandidate(ports), number),
    retire: (number: number) => retireInstances(ports, input(number), new AbortController().signal),
    async succeeded(number: number) {
      const id = bench.release(number).deploymentId
      const outcome = { status: 'SUCCEEDED' as const, compensation: 'NONE' as const }
      await shared.store.deployments.finish(id, { ...outcome, failure: null, step: null })
    },
    liveNumber: async () => (await ports.releases.live(serviceId, 'production'))?.number,
    async kill(pid: number) {
      for (const one of [readProcess(pid)!.parent, pid]) process.kill(one, 'SIGKILL')
    },
  }
  await shop.candidate(1)
  await shop.switch(1)
  await shop.succeeded(1)
  return shop
}

test('a worker starts with its release, without a port; a repeated switch starts no second one', async () => {
  const shop = await hostWithWorker('first')
  const before = await shop.worker(1)
  expect(before).toMatchObject({ state: 'running', port: 0, restarts: 0 })
  await shop.switch(1)
  expect(await shop.worker(1)).toEqual(before)
  expect(await shop.runtime.tail('first/production/1/worker', 100)).toBe('port none\n')
})

test('the old worker ends once the new one has booted and is live, and the cleanup forgets it', async () => {
  const shop = await hostWithWorker('replaced')
  await shop.candidate(2)
  expect(await shop.switch(2)).toMatchObject({ detail: 'live on replaced.localhost, with worker' })
  expect(await shop.worker(2)).toMatchObject({ state: 'running' })
  await until(async () => !['running', 'backingOff'].includes((await shop.worker(1))!.state))
  expect(await shop.retire(2)).toBe(1)
  expect((await shop.runtime.list()).map(({ id }) => id)).toEqual([
    'replaced/production/2',
    'replaced/production/2/worker',
  ])
})

test('a worker that ends at boot fails the switch; old web and old worker never noticed', async () => {
  const shop = await hostWithWorker('crashing')
  const before = await shop.worker(1)
  await shop.candidate(2, 'echo no queue; exit 0')
  await expect(shop.switch(2)).rejects.toMatchObject({
    type: 'WorkerExited',
    message: expect.stringMatching(/The process worker exited with status 0[^]*no queue/),
  })
  await shop.restore(2)
  await shop.stop(2)
  expect(await shop.worker(1)).toEqual(before)
  expect(await shop.liveNumber()).toBe(1)
  expect(await shared.routing.router.find('crashing/production')).toMatchObject({
    target: { instance: 'crashing/production/1' },
  })
  expect((await shop.runtime.list()).map(({ id }) => id)).toEqual([
    'crashing/production/1',
    'crashing/production/1/worker',
  ])
})

test('a worker that dies while the release is watched takes everything back, old workers included', async () => {
  const shop = await hostWithWorker('watched')
  await shop.candidate(2, 'sleep 1; echo out of luck; exit 3')
  await shop.switch(2)
  await expect(shop.watch(2)).rejects.toMatchObject({
    type: 'DiedAfterSwitch',
    message: expect.stringMatching(/The process worker exited with status 3[^]*out of luck/),
  })
  expect(await shop.liveNumber()).toBe(1)
  expect(await shop.worker(1)).toMatchObject({ state: 'running' })
  expect(await shop.worker(2)).toBeUndefined()
})

test('what traffic goes back to is made anew when its folder is lost, although a deployment in between failed', async () => {
  const shop = await hostWithWorker('undone')
  await shop.candidate(2)
  await shop.stop(2)
  await shop.candidate(3)
  await shop.switch(3)
  const { pid } = (await shop.runtime.status('undone/production/1'))!
  await shop.kill(pid!)
  rmSync(path.join(shop.home, 'instances/undone/production/1'), { recursive: true })
  await shop.restore(3)
  const { port } = (await shop.runtime.status('undone/production/1'))!
  await until(async () => (await shop.get(port)) === 'undone/production/1')
  expect(await shared.routing.router.find('undone/production')).toMatchObject({
    target: { instance: 'undone/production/1', port },
  })
  expect(await shop.liveNumber()).toBe(1)
})

test('a late attempt of an older deployment starts no worker', async () => {
  const shop = await hostWithWorker('late')
  await shop.candidate(2)
  await shop.switch(2)
  await until(async () => (await shop.worker(1))!.state !== 'running')
  await expect(shop.switch(1)).rejects.toMatchObject({ type: 'StaleDeployment' })
  expect((await shop.worker(1))!.state).not.toBe('running')
})

test('the comparison brings a worker back and removes one of a release that is not live', async () => {
  const shop = await hostWithWorker('compared')
  const { pid } = (await shop.worker(1))!
  await shop.kill(pid!)
  await until(async () => (await shop.worker(1))!.state === 'gone')
  expect(await shop.repairs()).toEqual(['revive compared/production/1/worker'])
  expect(await shop.worker(1)).toMatchObject({ state: 'running', port: 0 })
  await shop.candidate(2)
  await shop.switch(2)
  await shop.succeeded(2)
  expect((await shop.repairs()).toSorted()).toEqual([
    'stop compared/production/1',
    'stop compared/production/1/worker',
  ])
  expect(await shop.repairs()).toEqual([])
})

test('after a reboot workers of what is live come back, without the store; replaced ones do not', async () => {
  const shop = await hostWithWorker('rebooted')
  await shop.candidate(2)
  await shop.switch(2)
  await until(async () => (await shop.worker(1))!.state !== 'running')
  await Promise.all((await shop.runtime.list()).map(({ id }) => shop.runtime.halt(id, 300)))
  await restoreLive(shop.ports, quiet)
  expect(await shop.worker(2)).toMatchObject({ state: 'running', generation: 2 })
  // Deployment 2 is under way still: its predecessor stays warm, without its worker.
  await restoreUnderWay(shop.ports as never, quiet)
  expect(await shop.runtime.status('rebooted/production/1')).toMatchObject({ state: 'running' })
  expect((await shop.worker(1))!.state).not.toBe('running')
})
