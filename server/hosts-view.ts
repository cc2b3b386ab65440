import type { Host, Hosts, TaskQueue } from '../contract/host.ts'
import { controlQueue, hostQueue } from '../contract/names.ts'
import { version } from '../contract/version.ts'
import type { AppDeps } from './deps.ts'

type Deps = Pick<AppDeps, 'store' | 'settings' | 'thisHost' | 'taskQueues'>

/** All hosts that something is deployed on, and this one. What does not answer is null: a state, and no error. */
export async function hostsView(deps: Deps): Promise<Hosts> {
  const { store, settings, taskQueues } = deps
  const counts = new Map([[settings.host, 0]])
  for (const { host } of await store.environments.list()) counts.set(host, (counts.get(host) ?? 0) + 1)
  const names = [...counts.keys()].toSorted((a, b) => a.localeCompare(b))
  const [temporal, control, data] = await Promise.all([
    taskQueues.version().catch(() => null),
    Promise.all([queueOf(deps, controlQueue, 'workflows'), queueOf(deps, controlQueue, 'activities')]),
    Promise.all(names.map((name) => hostOf(deps, name, counts.get(name) ?? 0))),
  ])
  return { data, control, temporal }
}

async function hostOf(deps: Deps, name: string, environments: number): Promise<Host> {
  const [queue, here] = await Promise.all([
    queueOf(deps, hostQueue(name), 'activities'),
    name === deps.settings.host ? hereOf(deps) : null,
  ])
  return { name, environments, queues: [queue], here }
}

async function hereOf({ thisHost }: Deps): Promise<Host['here']> {
  const [disks, router] = await Promise.all([thisHost.disks(), thisHost.router().catch(() => null)])
  return {
    sluice: version,
    node: process.versions.node,
    disks,
    router: router && {
      pid: router.pid,
      port: router.port,
      routes: router.routes,
      uptimeSeconds: router.uptimeSeconds,
    },
  }
}

async function queueOf(
  { taskQueues }: Deps,
  name: string,
  carries: TaskQueue['carries'],
): Promise<TaskQueue> {
  return { name, carries, pollers: await taskQueues.pollers(name, carries).catch(() => null) }
}
