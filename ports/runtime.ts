import type { LimitName, Limits } from '../contract/limits.ts'

/** One kind of process of a release under one deployment; ids are those of contract/instance-id.ts. */
export interface InstanceSpec {
  id: string
  serviceId: string
  environmentName: string
  /** Run by `sh -c` in `directory`. */
  command: string
  directory: string
  /** Absolute folders that come first on its PATH. */
  path?: string[]
  /** Variables of the service; PORT and HOST are added. Never written to disk or argv. */
  environment: Record<string, string>
  /** SIGTERM, this long, SIGKILL. */
  drainMs: number
  /** False for a process beside web: it gets no port. */
  listens?: boolean
  /** The usual ones when absent. */
  limits?: Limits
}

export interface InstanceStatus {
  id: string
  state: 'running' | 'backingOff' | 'stopped' | 'gone'
  /** 0 for one that listens nowhere. */
  port: number
  pid: number | null
  /** How often the service ended and was started again since `start` or `restart`. */
  restarts: number
  /** `limit` is the one that it met, when that is why it ended. */
  lastExit: { code: number | null; signal: string | null; at: string; limit: LimitName | null } | null
  startedAt: string | null
  /** Grows with every start of the whole instance. */
  generation: number
}

/** What a probe of the port saw. */
export type Listening = { kind: 'listening' } | { kind: 'otherPort'; ports: number[] } | { kind: 'silent' }

/** Supervises releases: boots them, restarts them when they crash, survives its callers. */
export interface Runtime {
  /**
   * Starts it on a free port, or answers with the one that was started under this id before.
   * @throws Error when it, or a later one of its environment, was stopped: it is over for good
   */
  start(spec: InstanceSpec): Promise<InstanceStatus>
  status(id: string): Promise<InstanceStatus | undefined>
  /**
   * Ends the processes and starts them anew on the same port; for a candidate whose caches were rebuilt.
   * With `from` only while it is that generation: otherwise somebody else has done it.
   */
  restart(spec: InstanceSpec, from?: number): Promise<InstanceStatus>
  /** Whether the service accepts connections on its port; otherwise where its processes listen instead. */
  listening(id: string): Promise<Listening>
  /**
   * SIGTERM to the group, `graceMs`, SIGKILL, sweep what escaped; then forgets it, and never starts it again.
   * Absent is fine.
   */
  stop(id: string, graceMs: number): Promise<void>
  /** Ends the processes like `stop`, but remembers that it should run: `revive` brings it back. Absent is fine. */
  halt(id: string, graceMs: number): Promise<void>
  /** Last lines of its output, at most `bytes`. */
  tail(id: string, bytes: number): Promise<string>
  /** Follows the output of the running service. Ends when the signal aborts or the instance is gone. */
  follow(id: string, options: { lines: number; signal: AbortSignal }): AsyncIterable<string>
  /** Ids known on this host, optionally only those that start with these whole parts. */
  list(prefix?: string): Promise<InstanceStatus[]>
  /**
   * Brings back an instance that does not run (after a reboot, or when its supervisor or all that was known of it is
   * lost), on its old port where known and free; also when a later one of its environment was stopped. One that runs is
   * left alone. Undefined, and nothing is done, when it was itself told to stop, or `specOf` answers undefined: that is
   * asked last, when no other act on this instance is under way, and says whether it should run.
   */
  revive(
    id: string,
    specOf: () => Promise<InstanceSpec | undefined>,
  ): Promise<(InstanceStatus & { revived: boolean }) | undefined>
  /** Gives back the ports of instances that never came to be, and removes what was begun of them. Answers the ports. */
  tidy(): Promise<number[]>
  /** Keeps logs within their cap. Answers after how many milliseconds it should be called again. */
  trimLogs(): Promise<number>
  /** Ends services that do nothing any more but ask for processes that their limit refuses; called about every second. */
  checkLimits(): Promise<void>
}

export class NoFreePort extends Error {
  override name = 'NoFreePort'
}
