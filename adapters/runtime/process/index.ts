import path from 'node:path'
import { defaults } from '../../../contract/defaults.ts'
import type { InstanceSpec, InstanceStatus, Runtime } from '../../../ports/runtime.ts'
import { entriesAt } from '../../files/entries-at.ts'
import { type Cgroups, noCgroups, Refusals } from '../../process/cgroup/index.ts'
import { ClosedNumbers } from '../../process/closed-numbers.ts'
import { hostEnvironment } from '../../process/host-environment.ts'
import { assertReachable } from '../../process/reachable.ts'
import { serviceFolders } from '../../process/service-folders.ts'
import type { ServiceUsers } from '../../process/service-user.ts'
import { Turns } from '../../process/turns.ts'
import { Glance } from './glance.ts'
import { Instance, type InstanceHost } from './instance.ts'
import { InstanceFolder, type InstanceRecord } from './instance-folder.ts'
import { LogPace } from './log-pace.ts'
import { PortRegister } from './ports.ts'
import { followLog, logTail, trimLog } from './service-log.ts'
import { type StaticTools, toolsFor } from './static-tools.ts'

export interface ProcessRuntimeOptions {
  /** Of Sluice alone: a folder per instance. */
  directory: string
  /** Home and temporary folders of services. */
  caches: string
  /** For copies of `tools` that services can reach. */
  toolsDirectory: string
  ports: readonly [first: number, last: number]
  users: ServiceUsers
  /** Where services are contained; without, they are only told by their group and their mark. */
  cgroups?: Cgroups
  /** What services of plain files are started with, as `$SLUICE_NODE "$SLUICE_STATIC_SERVER"`. */
  tools: StaticTools
}

/** Releases as plain processes of this machine, each kept up by a small shell of its own. */
export function processRuntime(options: ProcessRuntimeOptions): Runtime {
  const { directory, users } = options
  const ports = new PortRegister(path.join(directory, '.ports'), options.ports)
  const turns = new Turns()
  const pace = new LogPace(defaults.serviceLogCap / 2)
  const refusals = new Map<string, Refusals>()
  const host: InstanceHost = {
    closed: new ClosedNumbers(path.join(directory, '.closed')),
    ports,
    cgroups: options.cgroups ?? noCgroups,
    elsewhere: new Glance(250),
    userOf: ({ serviceId, environmentName }) => users.userOf(serviceId, environmentName),
    environmentOf: instanceEnvironment(options),
  }
  const instance = (id: string) => new Instance(id, new InstanceFolder(folderOf(directory, id)), host)
  const act = <T>(id: string, on: (instance: Instance) => Promise<T>) =>
    turns.take(id, () => on(instance(id)))

  const bringUp = async (spec: InstanceSpec, by: (one: Instance) => Promise<InstanceStatus>) => {
    await assertReachable(spec.directory, await users.userOf(spec.serviceId, spec.environmentName))
    return act(spec.id, by)
  }
  const list = async (prefix = '') => {
    const ids = await idsIn(directory)
    const chosen = ids.filter((id) => `${id}/`.startsWith(prefix && `${prefix.replace(/\/$/, '')}/`))
    const found = await Promise.all(chosen.map((id) => instance(id).status()))
    return found.filter((status) => status !== undefined)
  }

  return {
    start: (spec) => bringUp(spec, (one) => one.start(spec)),
    restart: (spec, from) => bringUp(spec, (one) => one.restart(spec, from)),
    status: (id) => instance(id).status(),
    listening: (id) => instance(id).listening(),
    stop: (id, graceMs) => act(id, (one) => one.stop(graceMs)),
    halt: (id, graceMs) => act(id, (one) => one.halt(graceMs)),
    tail: (id, bytes) => logTail(instance(id).folder, bytes),
    follow: (id, how) => followLog(instance(id).folder, how),
    list,
    revive: (id, specOf) =>
      act(id, async (one) => {
        if (await one.isStopped()) return undefined
        const status = await one.status()
        if (status?.state === 'running' || status?.state === 'backingOff')
          return { ...status, revived: false }
        const spec = await specOf()
        if (!spec) return undefined
        await assertReachable(spec.directory, await users.userOf(spec.serviceId, spec.environmentName))
        return { ...(await one.start(spec, { evenIfLaterClosed: true })), revived: true }
      }),
    tidy: async () => {
      for (const id of await idsIn(directory)) await act(id, removeIfBegun)
      return ports.releaseLost((id, port) =>
        act(id, async (one) => (await one.folder.record())?.port === port),
      )
    },
    trimLogs: async () => {
      const ids = await idsIn(directory)
      // Turns would let a service that takes its time to end fill the disk; the folder may go meanwhile.
      for (const id of ids) pace.saw(id, await trimLog(instance(id).folder).catch(() => 0))
      return pace.next(ids)
    },
    checkLimits: async () => {
      const ids = await idsIn(directory)
      for (const id of refusals.keys()) if (!ids.includes(id)) refusals.delete(id)
      for (const id of ids) await endForkBomb(instance(id), refusals)
    },
  }
}

/** The service ends as if it had crashed; its shim says why and starts it again after a pause. */
async function endForkBomb(one: Instance, all: Map<string, Refusals>): Promise<void> {
  const cgroup = await one.cgroup()
  if (!cgroup?.exists()) return
  const own = all.get(one.id) ?? new Refusals()
  all.set(one.id, own)
  if (!own.endless(cgroup.refusals())) return
  all.delete(one.id)
  await cgroup.kill()
}

/** Killed between its folder and its record; or damaged, and nobody wants it back. */
async function removeIfBegun(one: Instance): Promise<void> {
  if (!(await one.folder.record())) await one.endUnknown()
}

const instanceEnvironment =
  ({ caches, users, tools, toolsDirectory }: ProcessRuntimeOptions) =>
  async (record: InstanceRecord, spec: InstanceSpec): Promise<Record<string, string>> => {
    const user = await users.userOf(record.serviceId, record.environmentName)
    const { home, temporary } = await serviceFolders({ caches, users })(
      record.serviceId,
      record.environmentName,
    )
    const { node, server } = record.command.includes('SLUICE_')
      ? await toolsFor(tools, user, toolsDirectory)
      : tools
    const host = hostEnvironment()
    return {
      ...host,
      PATH: [...(spec.path ?? []), host['PATH']].join(path.delimiter),
      HOME: home,
      TMPDIR: temporary,
      HOST: '127.0.0.1',
      ...spec.environment,
      ...(record.port === 0 ? {} : { PORT: String(record.port) }),
      SLUICE_INSTANCE: record.id,
      SLUICE_NODE: node,
      SLUICE_STATIC_SERVER: server,
    }
  }

/**
 * A process beside web has a folder beside that of web: `7.worker`. No name has a dot.
 * @throws Error when the id could leave the folder of all instances.
 */
function folderOf(directory: string, id: string): string {
  if (!/^[a-z0-9-]+\/[a-z0-9-]+\/\d+(\/[A-Za-z0-9_-]{1,63})?$/.test(id))
    throw new Error(`${id} cannot be the id of an instance`)
  return path.join(directory, id.replace(/(\/\d+)\/([^/]+)$/, '$1.$2'))
}

async function idsIn(directory: string): Promise<string[]> {
  const entries = await entriesAt(directory, 3)
  return entries
    .filter((entry) => /^[a-z0-9-]+\/[a-z0-9-]+\/\d+(\.[A-Za-z0-9_-]{1,63})?$/.test(entry))
    .map((entry) => entry.replace('.', '/'))
    .toSorted()
}
