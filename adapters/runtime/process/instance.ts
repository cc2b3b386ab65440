import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ignoreNoSpace } from '../../../ports/no-space.ts'
import type { InstanceSpec, InstanceStatus, Listening } from '../../../ports/runtime.ts'
import { defaultLimits } from '../../../contract/limits.ts'
import { Cgroup, type Cgroups } from '../../process/cgroup/index.ts'
import { assertRoom } from '../../files/room.ts'
import type { ClosedNumbers } from '../../process/closed-numbers.ts'
import { readClaim, revokeClaim } from '../../process/claim.ts'
import { membersOf, type ProcessFamily, terminate } from '../../process/group.ts'
import { bootClock, bootId, isAlive } from '../../process/identity.ts'
import { launch } from '../../process/launch.ts'
import { childrenOf } from '../../process/process-table.ts'
import type { ServiceUser } from '../../process/service-user.ts'
import type { Glance } from './glance.ts'
import type { InstanceFolder, InstanceRecord } from './instance-folder.ts'
import { accepts, listeners, portsOf } from './listeners.ts'
import { isFree, type PortRegister } from './ports.ts'

/** A shim makes its claim within milliseconds; a machine under load may take its time. */
const claimLimitMs = 10_000
/** For processes that have no traffic any more: of a candidate, or without a shim. */
const shortGraceMs = 10_000

export interface InstanceHost {
  /** Those that were stopped. */
  closed: ClosedNumbers
  ports: PortRegister
  cgroups: Cgroups
  /** Where instances listened at the last look. */
  elsewhere: Glance<number[]>
  userOf(record: InstanceRecord): Promise<ServiceUser | null>
  /** All variables of the service's processes. */
  environmentOf(record: InstanceRecord, spec: InstanceSpec): Promise<Record<string, string>>
}

/** One instance on this machine. Its acts come one at a time; reading is always allowed. */
export class Instance {
  readonly id: string
  readonly folder: InstanceFolder
  #host: InstanceHost

  constructor(id: string, folder: InstanceFolder, host: InstanceHost) {
    this.id = id
    this.folder = folder
    this.#host = host
  }

  /** `evenIfLaterClosed`: it is known that this instance should run, whatever became of later ones. */
  async start(spec: InstanceSpec, { evenIfLaterClosed = false } = {}): Promise<InstanceStatus> {
    const record = await this.folder.record()
    // What runs there cannot be taken over: nobody knows its port.
    if (!record && (await this.folder.isDamaged())) await this.endUnknown()
    if (record?.stopping) await this.stop(record.drainMs)
    if (!record || record.stopping) return this.#bringUp(await this.#create(spec, evenIfLaterClosed), spec)
    const claim = await readClaim(this.folder.claimFile(record.generation))
    // Killed between the record and the shim: the claim decides should both come up after all.
    if (claim.kind === 'open') return this.#bringUp(record, spec)
    const ending = await this.folder.isToldToEnd(record.generation)
    if (claim.kind === 'taken' && isAlive(claim.by) && !ending) return this.#statusOf(record)
    return this.restart(spec)
  }

  /** A new generation unless it is another than `from`, on the same port where it is free once the old one is gone. */
  async restart(spec: InstanceSpec, from?: number): Promise<InstanceStatus> {
    const record = await this.folder.record()
    if (!record || record.stopping) return this.start(spec)
    if (from !== undefined && record.generation !== from) return this.start(spec)
    await this.#end(record, Math.min(record.drainMs, shortGraceMs))
    const next = {
      ...record,
      ...partOf(spec),
      cgroup: this.#host.cgroups.foldersFor('instance', this.id),
      generation: record.generation + 1,
      port: await this.#portFor(record),
    }
    await this.folder.write(next)
    return this.#bringUp(next, spec)
  }

  async status(): Promise<InstanceStatus | undefined> {
    const record = await this.folder.record()
    return record && this.#statusOf(record)
  }

  /** Or was told to: whoever told it, or the next to do so, completes that. */
  async isStopped(): Promise<boolean> {
    const record = await this.folder.record()
    if (record) return record.stopping !== null
    return !(await this.folder.isDamaged()) && this.#host.closed.isClosedItself(this.id)
  }

  /** The moment of SIGKILL is on the disk before the first signal: who comes back to it later keeps to it. */
  async stop(graceMs: number): Promise<void> {
    await this.#host.closed.close(this.id).catch(ignoreNoSpace)
    const record = await this.folder.record()
    if (!record) return this.endUnknown()
    const promised = record.stopping?.boot === bootId() ? record.stopping.killAt : Infinity
    const killAt = Math.min(promised, bootClock() + graceMs)
    // A full disk, which this may give room to, only takes the promise away.
    await this.folder.write({ ...record, stopping: { killAt, boot: bootId() } }).catch(ignoreNoSpace)
    await this.#end(record, Math.max(0, killAt - bootClock()))
    await this.#host.ports.release(record.port, this.id)
    await this.folder.remove()
  }

  /** Told to end, this generation does not count as running; the next start makes another. */
  async halt(graceMs: number): Promise<void> {
    const record = await this.folder.record()
    if (record) await this.#end(record, graceMs)
  }

  async listening(): Promise<Listening> {
    const record = await this.folder.record()
    if (!record) return { kind: 'silent' }
    const all = (await listeners()) ?? []
    const user = await this.#host.userOf(record)
    // A stranger who listens on loopback alone would get what is meant for a service that listens everywhere.
    const strangers = user ? all.some(({ port, uid }) => port === record.port && uid !== user.uid) : false
    if (!strangers && (await accepts(record.port))) return { kind: 'listening' }
    const ports = await this.#host.elsewhere.of(this.id, async () => {
      const pids = membersOf(await this.#familyOf(record)).map(({ pid }) => pid)
      return portsOf(pids, all).filter((port) => port !== record.port)
    })
    return ports.length > 0 ? { kind: 'otherPort', ports } : { kind: 'silent' }
  }

  /** How often a process was refused for its limit, and a way to end them all: the shim starts the service again. */
  async cgroup(): Promise<Cgroup | undefined> {
    const record = await this.folder.record()
    return record && cgroupOf(record)
  }

  async #create(spec: InstanceSpec, evenIfLaterClosed: boolean): Promise<InstanceRecord> {
    const port = spec.listens === false ? 0 : await this.#host.ports.take(this.id)
    const cgroup = this.#host.cgroups.foldersFor('instance', this.id)
    const mark = randomUUID()
    const record = { id: this.id, ...partOf(spec), port, cgroup, generation: 1, mark, stopping: null }
    await this.folder.write(record)
    // Asked after the record is there: whoever closes the number looks for a record only then.
    const { closed } = this.#host
    if (!(await (evenIfLaterClosed ? closed.isClosedItself(this.id) : closed.isClosed(this.id))))
      return record
    await this.#host.ports.release(port, this.id)
    await this.folder.remove()
    throw new Error(`${this.id} was stopped: it is not started again`)
  }

  async #portFor(record: InstanceRecord): Promise<number> {
    if (record.port === 0 || (await isFree(record.port))) return record.port
    const port = await this.#host.ports.take(this.id)
    await this.#host.ports.release(record.port, this.id)
    return port
  }

  async #bringUp(record: InstanceRecord, spec: InstanceSpec): Promise<InstanceStatus> {
    await launch({
      script: new URL('shim.sh', import.meta.url),
      arguments: [this.folder.directory, String(record.generation), String(Math.floor(Date.now() / 1000))],
      command: record.command,
      directory: record.directory,
      environment: await this.#host.environmentOf(record, spec),
      user: await this.#host.userOf(record),
      limits: spec.limits ?? defaultLimits,
      cgroup: cgroupOf(record),
      mark: record.mark,
      output: this.folder.output,
    })
    const until = performance.now() + claimLimitMs
    const file = this.folder.claimFile(record.generation)
    while ((await readClaim(file)).kind === 'open') {
      if (performance.now() > until) {
        await assertRoom(this.folder.directory)
        throw new Error(`the shell that runs ${this.id} did not come up`)
      }
      await sleep(2)
    }
    return this.#statusOf(record)
  }

  async #end(record: InstanceRecord, graceMs: number): Promise<void> {
    // Without room for these notes the signals still tell the shim and what it runs.
    await this.folder.tellToEnd(record.generation).catch(ignoreLostNote)
    await revokeClaim(this.folder.claimFile(record.generation)).catch(ignoreLostNote)
    await terminate(await this.#familyOf(record), graceMs)
    await cgroupOf(record)?.remove()
  }

  /** Of an instance without a record only the claims of its shells are left, and its cgroup, which is named after it. */
  async endUnknown(): Promise<void> {
    const cgroup = cgroupOf({ cgroup: this.#host.cgroups.foldersFor('instance', this.id) })
    for (const generation of await this.folder.generations()) {
      const claim = await readClaim(this.folder.claimFile(generation))
      await this.folder.tellToEnd(generation).catch(ignoreNoSpace)
      if (claim.kind === 'taken')
        await terminate({ leader: claim.by, mark: randomUUID(), cgroup }, shortGraceMs)
    }
    await cgroup?.remove()
    await this.folder.remove()
  }

  async #familyOf(record: InstanceRecord): Promise<ProcessFamily> {
    const claim = await readClaim(this.folder.claimFile(record.generation))
    const leader = claim.kind === 'taken' ? claim.by : undefined
    // The mark is that of all generations: of an earlier one somebody older may be left.
    const eldest = record.generation === 1 ? leader : undefined
    return { leader, mark: record.mark, eldest, cgroup: cgroupOf(record) }
  }

  async #statusOf(record: InstanceRecord): Promise<InstanceStatus> {
    const { leader } = await this.#familyOf(record)
    const state = await this.folder.state(record.generation)
    const up = leader !== undefined && isAlive(leader)
    const phase = record.stopping
      ? 'stopped'
      : up
        ? (state?.phase ?? 'running')
        : state?.phase === 'stopped'
          ? 'stopped'
          : 'gone'
    return {
      id: this.id,
      state: phase,
      port: record.port,
      pid: up && phase === 'running' ? childOf(leader.pid) : null,
      restarts: state?.restarts ?? 0,
      lastExit: state?.lastExit ?? null,
      startedAt: state?.startedAt ?? null,
      generation: record.generation,
    }
  }
}

const partOf = ({ serviceId, environmentName, command, directory, drainMs }: InstanceSpec) => ({
  serviceId,
  environmentName,
  command,
  directory,
  drainMs,
})

const cgroupOf = ({ cgroup }: Pick<InstanceRecord, 'cgroup'>): Cgroup | undefined =>
  cgroup && new Cgroup(cgroup)

/** The service's own process: what the shim waits for. */
const childOf = (shim: number): number | null => childrenOf(shim)[0] ?? null

/** A note for the shells is not needed where its folder is gone: another agent has completed the stop. */
function ignoreLostNote(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') ignoreNoSpace(error)
}
