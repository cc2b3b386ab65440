import type { LimitName, Limits } from '../contract/limits.ts'

/** A command that may run long: detached, its output in a file, its exit status durable. */
export interface JobSpec {
  /** `<service>/<environment>/<number>/<step>`, or `…/run/<run>`. One command runs under an id at a time, at most once if not repeatable. */
  id: string
  command: string
  directory: string
  /** Everything the command sees; nothing is inherited. Never written to disk or argv. */
  environment: Record<string, string>
  /** The service whose user it runs as. */
  serviceId: string
  environmentName: string
  timeoutMs: number
  /** False: a lost outcome is reported as `unknown`, never run again. */
  repeatable: boolean
  /** The usual ones when absent. */
  limits?: Limits
}

/** `limit` is the one that it met, when that is why it ended. */
export type JobResult =
  | {
      outcome: 'exited'
      exitCode: number
      signal: string | null
      tail: string
      attached: boolean
      limit: LimitName | null
    }
  | { outcome: 'timedOut'; tail: string }
  | { outcome: 'unknown'; tail: string }

export interface Jobs {
  /**
   * Starts the command, or attaches to the one that runs or has ended under this id.
   * Aborting the signal with reason `cancel` ends the whole process group (SIGTERM, 1 s, SIGKILL) and rejects once it is gone;
   * aborting with any other reason (the agent stops) only detaches.
   * `output.write` gets raw bytes with their offset in the whole output, from `from` on, one call at a time.
   * Where an offset is greater than the end of the piece before, what lies between was left out: the job wrote
   * more, and faster, than is kept.
   */
  run(
    spec: JobSpec,
    options: {
      signal: AbortSignal
      output: { from: number; write(chunk: Buffer, offset: number): Promise<void> }
    },
  ): Promise<JobResult>
  /**
   * Ends every job whose id starts with these whole parts (`shop/production/1` is not a part of `…/12`) and removes
   * what they left. Resolves when their processes are gone. None of these, and none of a deployment or a run that is
   * named, ever starts again: `run` rejects with JobCanceled.
   */
  discard(idPrefix: string): Promise<void>
  /** Discards what is left of an environment whose releases are gone, and what was remembered of its runs. */
  forget(serviceId: string, environment: string): Promise<void>
  /** Deployments of which there are jobs here, ended or not: `<service>/<environment>/<number>`. */
  list(): Promise<string[]>
  /**
   * Ends the processes of all jobs, as a power cut would: a later `run` starts a repeatable one over
   * and reports the others as `unknown`.
   */
  halt(): Promise<void>
}

export class JobCanceled extends Error {
  override name = 'JobCanceled'
}
