/** The processes of one release under one deployment: `<service>/<environment>/<number>`. */
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
}

export interface InstanceStatus {
  id: string
  state: 'running' | 'backingOff' | 'stopped' | 'gone'
  port: number
  pid: number | null
  /** How often the service ended and was started again since `start` or `restart`. */
  restarts: number
  lastExit: { code: number | null; signal: string | null; at: string } | null
  startedAt: string | null
}

/** What a probe of the port saw. */
export type Listening = { kind: 'listening' } | { kind: 'otherPort'; ports: number[] } | { kind: 'silent' }

/** Supervises releases: boots them, restarts them when they crash, survives its callers. */
export interface Runtime {
  /** Starts it on a free port, or answers with the one that was started under this id before. */
  start(spec: InstanceSpec): Promise<InstanceStatus>
  status(id: string): Promise<InstanceStatus | undefined>
  /** Ends the processes and starts them anew on the same port; for a candidate whose caches were rebuilt. */
  restart(spec: InstanceSpec): Promise<InstanceStatus>
  /** Whether the service accepts connections on its port; otherwise where its processes listen instead. */
  listening(id: string): Promise<Listening>
  /** SIGTERM to the group, `graceMs`, SIGKILL, sweep what escaped; then forgets it. Absent is fine. */
  stop(id: string, graceMs: number): Promise<void>
  /** Ends the processes like `stop`, but remembers that it should run: `restore` brings it back. Absent is fine. */
  halt(id: string, graceMs: number): Promise<void>
  /** Last lines of its output, at most `bytes`. */
  tail(id: string, bytes: number): Promise<string>
  /** Follows the output of the running service. Ends when the signal aborts or the instance is gone. */
  follow(id: string, options: { lines: number; signal: AbortSignal }): AsyncIterable<string>
  /** Ids known on this host, optionally of one environment (`<service>/<environment>`). */
  list(prefix?: string): Promise<InstanceStatus[]>
  /**
   * Brings back what should run and does not (after a reboot or a lost supervisor), on its old port where free.
   * `specOf` answers undefined when the instance should not run any more: then it is swept.
   */
  restore(specOf: (id: string) => Promise<InstanceSpec | undefined>): Promise<InstanceStatus[]>
  /** Keeps logs within their cap; called about every second. */
  trimLogs(): Promise<void>
}

export class NoFreePort extends Error {
  override name = 'NoFreePort'
}
