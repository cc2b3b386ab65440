import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { switchTraffic } from '../../activities/switch-traffic.ts'
import { watchRelease } from '../../activities/watch-release.ts'
import { folderReleases } from '../../adapters/releases/folders/index.ts'
import { keyFileSecrets } from '../../adapters/secrets/key-file/index.ts'
import { releaseId } from '../../contract/names.ts'
import { answering, runtimeBench } from '../runtime/workbench.ts'
import { addShop, newDeployment } from '../store/shop.ts'
import { activity, inputOf, planOf } from './attempt.ts'
import { useStoreAndRouter } from '../worker/use-store-and-router.ts'

// Real processes, a database and a router: patience costs nothing where it is not needed.
vi.setConfig({ testTimeout: 60_000 })

const shared = useStoreAndRouter()

/** A host of its own on which deployment 1 of the service is live, and 2, which runs this command, has just become so. */
async function switched(serviceId: string, command: string, healthPath: string | null = null) {
  const bench = await runtimeBench()
  const releases = await folderReleases({
    directory: path.join(bench.home, 'environments'),
    users: bench.users,
  })
  const secrets = await keyFileSecrets(path.join(bench.home, 'keys.json'))
  const ports = {
    store: shared.store,
    router: shared.routing.router,
    runtime: bench.runtime,
    releases,
    secrets,
  }
  await addShop(shared.store, serviceId)
  const bring = async (number: number, runs: string) => {
    const input = inputOf(serviceId, number)
    await shared.store.deployments.recordQueued(newDeployment(number, { serviceId }))
    await shared.store.deployments.started(input.deploymentId, { runId: 'run', at: new Date() })
    await (await releases.stage(input)).publish('source', {})
    await shared.store.releases.record({
      releaseId: releaseId(serviceId, 'production', number),
      deploymentId: input.deploymentId,
      serviceId,
      environment: 'production',
      number,
      commitSha: 'a'.repeat(40),
      commitMessage: 'first',
      plan: planOf({ healthPath, soakMs: 15_000 }),
      sealedVariables: [],
    })
    const id = `${serviceId}/production/${number}`
    await bench.runtime.start(bench.spec(runs, { id, serviceId }))
    await expect
      .poll(async () => (await bench.runtime.listening(id)).kind, { timeout: 30_000 })
      .toBe('listening')
  }
  const switchTo = (number: number) =>
    activity().run(switchTraffic(ports, { soakMs: 0 }), inputOf(serviceId, number))
  for (const [number, runs] of [
    [1, answering('1')],
    [2, command],
  ] as const) {
    await bring(number, runs)
    await switchTo(number)
  }
  const watch = () =>
    activity()
      .run(watchRelease(ports, { soakMs: 0 }), inputOf(serviceId, 2))
      .then(
        () => 'well',
        (error: Error & { type?: string }) => `${error.type}: ${error.message}`,
      )
  /** Which deployment is live for the router, on the disk and in the store. */
  const live = async () => {
    const route = await shared.routing.router.find(`${serviceId}/production`)
    const pointer = await releases.live(serviceId, 'production')
    const row = await shared.store.environments.find(serviceId, 'production')
    return [route?.target?.instance.split('/').at(-1), String(pointer?.number), String(row?.live?.number)]
  }
  return { bench, watch, live, bring, switchTo }
}

test('traffic goes back from where the death is seen, without the undos of the workflow', async () => {
  const dies = answering('2', 'setInterval(() => require("fs").existsSync("die") && process.exit(3), 20)')
  const { bench, watch, live } = await switched('mortal', dies)
  expect(await live()).toEqual(['2', '2', '2'])
  writeFileSync(path.join(bench.folder, 'die'), '')
  expect(await watch()).toMatch(/^DiedAfterSwitch: The service exited with status 3/)
  expect(await live()).toEqual(['1', '1', '1'])
})

test('three failures of its health are an illness, of which a later attempt knows although it is over', async () => {
  const health = 'require("fs").existsSync("ill") && q.url === "/healthz" ? (s.statusCode = 500) : 2'
  const { bench, watch, live } = await switched('sickly', answering(health), '/healthz')
  const ill = path.join(bench.folder, 'ill')
  writeFileSync(ill, '')
  const first = await watch()
  expect(first).toBe('DiedAfterSwitch: GET /healthz answered 500, 3 times in a row.')
  expect(await live()).toEqual(['1', '1', '1'])
  // Its result is lost with the agent. Well again, it may not become the one for whose sake the other is retired.
  rmSync(ill)
  expect(await watch()).toBe(first)
  expect(await live()).toEqual(['1', '1', '1'])
})

test('no traffic goes to a candidate that has ended since it was validated; one that is live stays so', async () => {
  const dies = answering('', 'setInterval(() => require("fs").existsSync("die") && process.exit(3), 20)')
  const { bench, live, bring, switchTo } = await switched('late', dies)
  await bring(3, dies)
  writeFileSync(path.join(bench.folder, 'die'), '')
  const statusOf = (number: number) => bench.runtime.status(`late/production/${number}`)
  await expect
    .poll(async () => [(await statusOf(2))?.lastExit?.code, (await statusOf(3))?.lastExit?.code])
    .toEqual([3, 3])
  await expect(switchTo(3)).rejects.toMatchObject({ type: 'ExitedAtBoot' })
  // Whether a release that has its traffic is well is for the watch to say.
  await switchTo(2)
  expect(await live()).toEqual(['2', '2', '2'])
})
