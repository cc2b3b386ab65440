import type { Run } from '../contract/run.ts'
import type { RunRow } from '../ports/run-store.ts'

/** Neither the sealed command nor where it runs. */
export const runView = ({
  number: _number,
  releaseNumber: _release,
  host: _host,
  sealedCommand: _sealed,
  ...run
}: RunRow): Run => run
