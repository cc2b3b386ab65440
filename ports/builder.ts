import type { Plan } from '../contract/plan.ts'
import type { ReleaseRef } from '../contract/workflows.ts'
import type { JobResult } from './jobs.ts'

/** Turns an exported tree into a release by running the plan's commands as jobs. */
export interface Builder {
  run(
    step: 'install' | 'build' | 'migrate' | 'reload',
    work: {
      release: ReleaseRef
      plan: Plan
      command: string
      variables: Record<string, string>
      /** What is masked in the log and in the tail; the values of all variables when absent. */
      secretValues?: readonly string[]
      timeoutMs: number
      signal: AbortSignal
    },
  ): Promise<JobResult>
  /**
   * Version of a program as a step of this environment would find it (`22.4.0`), empty when it does not tell one;
   * null when it is not there.
   */
  versionOf(tool: string, owner: { serviceId: string; environment: string }): Promise<string | null>
}
