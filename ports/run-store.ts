import type { Run, RunLine, RunStatus } from '../contract/run.ts'
import type { LogStore } from './store.ts'

/** One command in a live release; the command itself is sealed, for it may hold what nobody shall read. */
export interface RunRow extends Run {
  /** Of the deployment. */
  number: number
  releaseNumber: number
  host: string
  sealedCommand: string
}

export type NewRun = Omit<RunRow, 'status' | 'exitCode' | 'note' | 'createdAt' | 'startedAt' | 'finishedAt'>

export interface RunEnd {
  status: Extract<RunStatus, 'SUCCEEDED' | 'FAILED' | 'CANCELED'>
  exitCode: number | null
  note: string | null
}

/** Commands that were run beside the deployments. Every write is safe to repeat; none changes one that has ended. */
export interface RunStore {
  /** Keeps the row that is there. Drops the oldest ended ones of the environment beyond 500. */
  create(run: NewRun): Promise<RunRow>
  find(id: string): Promise<RunRow | undefined>
  /** Newest first. */
  list(
    serviceId: string,
    environment: string,
    options: { cronName?: string | undefined; limit: number },
  ): Promise<RunRow[]>
  /** Of all environments, those that have not ended and are at least so many milliseconds old. */
  unfinished(age: number): Promise<RunRow[]>
  /**
   * QUEUED becomes RUNNING, or FAILED after 30 s: nobody expects it any more. Answers the row as it is then; undefined
   * when it is gone.
   */
  started(id: string): Promise<RunRow | undefined>
  finish(id: string, end: RunEnd): Promise<void>
  /** Takes back one that nothing has begun with. False when something has. */
  withdraw(id: string): Promise<boolean>
  /** Its output, under its id; it has one cursor. */
  output: Pick<LogStore, 'append' | 'position'>
  lines(id: string, afterSeq: number, limit: number): Promise<RunLine[]>
}
