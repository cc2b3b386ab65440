import { existsSync } from 'node:fs'
import path from 'node:path'
import { pino } from 'pino'
import { detachedJobs } from '../../adapters/jobs/detached/index.ts'
import { folderReleases } from '../../adapters/releases/folders/index.ts'
import { keyFileSecrets } from '../../adapters/secrets/key-file/index.ts'
import { deploymentId, releaseId } from '../../contract/names.ts'
import type { Plan } from '../../contract/plan.ts'
import type { DeploymentStatus } from '../../contract/vocabulary.ts'
import { reconcile } from '../../worker/reconcile/index.ts'
import type { HostPorts } from '../../worker/reconcile/repair.ts'
import { until } from '../process/host.ts'
import { answering, runtimeBench } from '../runtime/workbench.ts'
import { addShop, newDeployment } from '../store/shop.ts'
import type { StoreAndRouter } from './use-store-and-router.ts'

export const quiet = pino({ level: 'silent' })

const planOf = (command: string): Plan => ({
  technology: 'custom',
  reasons: [],
  warnings: [],
  root: '',
  install: null,
  build: null,
  start: { command, reason: '' },
  migrate: null,
  migrateTimeoutMs: 1000,
  reload: null,
  healthPath: null,
  bootTimeoutMs: 5000,
  drainMs: 300,
  soakMs: null,
  buildTimeoutMs: 1000,
  processes: {},
  cron: [],
  tools: [],
  path: [],
  environment: {},
  buildEnvironment: {},
  suggestions: [],
})

/** A host of its own beside a store and a router that all share; services have names of their own. */
export async function hostBench(
  shared: StoreAndRouter,
  serviceId: string,
  { known = true }: { known?: boolean } = {},
) {
  const { store } = shared
  const bench = await runtimeBench()
  const directory = path.join(bench.home, 'environments')
  const jobs = detachedJobs({ directory: path.join(bench.home, 'jobs'), users: bench.users })
  bench.atEnd(async () => {
    for (const id of await jobs.list()) await jobs.discard(id)
  })
  const ports: HostPorts = {
    store,
    jobs,
    runtime: bench.runtime,
    router: shared.routing.router,
    releases: await folderReleases({ directory, users: bench.users }),
    secrets: await keyFileSecrets(path.join(bench.home, 'keys.json')),
  }
  if (known) await addShop(store, serviceId)
  const command = answering('process.env.SLUICE_INSTANCE')
  const idOf = (number: number) => `${serviceId}/production/${number}`
  const release = (number: number) => ({
    serviceId,
    environment: 'production',
    number,
    releaseNumber: number,
    deploymentId: deploymentId(serviceId, 'production', number),
  })
  return {
    ...bench,
    ports,
    release,
    idOf,
    command,
    /** A deployment with its release on the disk, in the state that this status says. */
    async deployment(number: number, status: DeploymentStatus, change: Partial<Plan> = {}) {
      const { id } = newDeployment(number, { serviceId })
      await store.deployments.recordQueued(newDeployment(number, { serviceId }))
      if (status !== 'QUEUED') await store.deployments.started(id, { runId: 'run', at: new Date() })
      await (await ports.releases.stage(release(number))).publish('source', {})
      await store.releases.record({
        releaseId: releaseId(serviceId, 'production', number),
        deploymentId: id,
        serviceId,
        environment: 'production',
        number,
        commitSha: 'a'.repeat(40),
        commitMessage: 'first',
        plan: { ...planOf(command), ...change },
        sealedVariables: [],
      })
      if (status === 'QUEUED' || status === 'RUNNING') return
      await store.deployments.finish(id, { status, compensation: 'NONE', failure: null, step: null })
    },
    start: (number: number) =>
      bench.runtime.start({
        ...bench.spec(command, { id: idOf(number), serviceId, drainMs: 300 }),
        directory: ports.releases.directory(release(number)),
      }),
    async switchTo(number: number, port: number, revision = 0) {
      const fence = { deployment: number, revision }
      const target = { instance: idOf(number), host: '127.0.0.1', port }
      const hosts = [`${serviceId}.localhost`]
      await shared.routing.router.change({ route: `${serviceId}/production`, fence, hosts, target })
      const live = { number, releaseNumber: number, instance: idOf(number), port }
      await ports.releases.setLive(serviceId, 'production', fence, live)
      await store.deployments.markLive(release(number))
    },
    async live(number: number) {
      await this.deployment(number, 'RUNNING')
      const status = await this.start(number)
      await this.switchTo(number, status.port)
      await store.deployments.finish(deploymentId(serviceId, 'production', number), {
        status: 'SUCCEEDED',
        compensation: 'NONE',
        failure: null,
        step: null,
      })
      return status
    },
    /** A command that runs on although its deployment has ended. */
    async job(number: number) {
      const abort = new AbortController()
      const running = jobs.run(
        {
          id: `${idOf(number)}/build`,
          command: 'sleep 60',
          directory: bench.folder,
          environment: { PATH: process.env['PATH']! },
          serviceId,
          environmentName: 'production',
          timeoutMs: 60_000,
          repeatable: true,
        },
        { signal: abort.signal, output: { from: 0, write: async () => {} } },
      )
      const settled = running.catch(() => {})
      const folder = path.join(bench.home, 'jobs', idOf(number), 'build')
      await until(() => existsSync(path.join(folder, 'claim-1')))
      abort.abort('detach')
      await settled
      return path.dirname(folder)
    },
    get: async (port: number) => (await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined))?.text(),
    repairs: async () =>
      (await reconcile(ports, quiet)).map(({ kind, ...of }) => ('id' in of ? `${kind} ${of.id}` : kind)),
  }
}
