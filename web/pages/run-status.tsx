import type { Run } from '../../contract/run.ts'
import { StatusWord } from './status.tsx'

/** How it goes, and with which exit status it ended where that says more. */
export const RunStatus = ({ run: { status, exitCode } }: { run: Run }) => (
  <>
    <StatusWord status={status} />
    {exitCode ? <span class="badge">exit {exitCode}</span> : null}
  </>
)
