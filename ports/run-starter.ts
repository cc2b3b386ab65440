/** Hands runs over to be carried out. */
export interface RunStarter {
  /** Safe to repeat. @throws RunsUnavailable */
  start(run: { id: string; host: string; serviceId: string; environment: string }): Promise<void>
  /** Ends its processes; one that has ended is left alone. @throws RunsUnavailable */
  cancel(id: string): Promise<void>
}

/** It is not certain whether it happened: to repeat it is safe. */
export class RunsUnavailable extends Error {
  override name = 'RunsUnavailable'
}
