import type { RunFailure } from '../contract/workflows.ts'
import type { Store } from '../ports/store.ts'

/** A run that its host could not bring to an end, or that was canceled. One that has ended stays as it is. */
export const endRun =
  ({ store }: { store: Pick<Store, 'runs'> }) =>
  ({ runId, canceled, note }: RunFailure): Promise<void> =>
    store.runs.finish(runId, { status: canceled ? 'CANCELED' : 'FAILED', exitCode: null, note })
