import type { RunRow } from './run-store.ts'

export type StartableRun = Pick<RunRow, 'id' | 'host' | 'serviceId' | 'environment'>

/** Hands runs over to be carried out. */
export interface RunStarter {
  /** Safe to repeat: one that is being carried out, or is over, is left alone. @throws RunsUnavailable */
  start(run: StartableRun): Promise<void>
  /** Ends its row and its processes, also when nobody carries it out. @throws RunsUnavailable */
  cancel(run: StartableRun): Promise<void>
}

/** It is not certain whether it happened: to repeat it is safe. */
export class RunsUnavailable extends Error {
  override name = 'RunsUnavailable'
}
