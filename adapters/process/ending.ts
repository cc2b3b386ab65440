import type { LimitName } from '../../contract/limits.ts'

/** How a command ended, as the shell that ran it wrote down: `137`, or `137 memory` when a limit was the reason. */
export interface Ending {
  status: number
  limit: LimitName | null
}

/** undefined when it is not (or only half) there. */
export function parseEnding(text: string): Ending | undefined {
  const [, status, limit] = /^(\d{1,3})(?: (memory|processes))?$/.exec(text) ?? []
  return status === undefined ? undefined : { status: Number(status), limit: (limit as LimitName) ?? null }
}
