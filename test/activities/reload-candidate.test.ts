import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { reloadCandidate } from '../../activities/reload-candidate.ts'
import { nativeBuilder } from '../../adapters/builder/native/index.ts'
import type { StepReport } from '../../contract/workflows.ts'
import { hostBench } from '../worker/host-bench.ts'
import { activity, inputOf } from './attempt.ts'
import { useStoreAndRouter } from '../worker/use-store-and-router.ts'

// Real processes, a database and a router: patience costs nothing where it is not needed.
vi.setConfig({ testTimeout: 60_000 })

const shared = useStoreAndRouter()

/** A host on which deployment 1 is live, and 2 is a candidate with a hook that waits for the file `go`. */
async function reloading(serviceId: string) {
  const bench = await hostBench(shared, serviceId)
  const { ports, home, users } = bench
  const [caches, toolsDirectory] = [path.join(home, 'caches'), path.join(home, 'tools')]
  const builder = nativeBuilder({ ...ports, logs: shared.store.logs, caches, users, toolsDirectory })
  await bench.live(1)
  const command = 'echo ran >>ran; until [ -e go ]; do sleep 0.05; done'
  await bench.deployment(2, 'RUNNING', { reload: { command, reason: '' } })
  const { port } = await bench.start(2)
  const file = (name: string) => path.join(ports.releases.directory(bench.release(2)), name)
  return {
    reload: () =>
      activity()
        .run(reloadCandidate({ ...ports, builder }), inputOf(serviceId, 2))
        .then(
          (report) => (report as StepReport).detail,
          (error: Error & { type?: string }) => error.type,
        ),
    runs: () => (existsSync(file('ran')) ? readFileSync(file('ran'), 'utf8').trim().split('\n').length : 0),
    letGo: () => writeFileSync(file('go'), ''),
    goLive: () => bench.switchTo(2, port),
    generation: async () => (await bench.runtime.status(bench.idOf(2)))!.generation,
  }
}

test('a candidate is restarted once its hook has run; an attempt that comes when it is live does neither', async () => {
  const { reload, runs, letGo, goLive, generation } = await reloading('reloaded')
  letGo()
  expect(await reload()).toMatch(/, restarted$/)
  expect([runs(), await generation()]).toEqual([1, 2])
  await goLive()
  expect(await reload()).toBe('StaleDeployment')
  expect([runs(), await generation()]).toEqual([1, 2])
})

test('what has become live while the hook ran is not restarted', async () => {
  const { reload, runs, letGo, goLive, generation } = await reloading('overtaken')
  const ending = reload()
  await expect.poll(runs, { timeout: 30_000 }).toBe(1)
  await goLive()
  letGo()
  expect(await ending).toBe('StaleDeployment')
  expect(await generation()).toBe(1)
})
