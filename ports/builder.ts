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
      /** Name of the job among those of the deployment, where a step runs several; the step's name when absent. */
      job?: string
      /** Whether a lost result is run again by itself; every command but the migration when absent. */
      repeatable?: boolean
      command: string
      variables: Record<string, string>
      /** What is masked in the log and in the tail; the values of all variables when absent. */
      secretValues?: readonly string[]
      timeoutMs: number
      signal: AbortSignal
    },
  ): Promise<StepResult>
  /** Whether a step of this environment would find the program. */
  has(tool: string, owner: Owner): Promise<boolean>
  /** Version of a program that is there (`22.4.0`); empty when it does not tell one. */
  versionOf(tool: string, owner: Owner): Promise<string>
}

/** `noRoom`: the command failed, and the disk was full then; a sentence on how full. */
export type StepResult = JobResult & { noRoom?: string }

interface Owner {
  serviceId: string
  environment: string
}
