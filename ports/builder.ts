import type { Plan } from '../contract/plan.ts'
import type { ReleaseRef } from '../contract/workflows.ts'
import type { JobResult } from './jobs.ts'

/** Turns an exported tree into a release by running the plan's commands as jobs. */
export interface Builder {
  run(
    step: 'install' | 'build' | 'migrate' | 'reload' | 'run',
    work: {
      release: ReleaseRef
      plan: Plan
      /** Name of the job among those of the deployment, where a step runs several; the step's name when absent. */
      job?: string
      /** Of a run: its job and its output have this id, and not the deployment's. */
      run?: string
      /** Whether a lost result is run again by itself; every command but the migration when absent. */
      repeatable?: boolean
      command: string
      /** Runs this part of a classic buildpack instead of `command`. */
      pack?: PackPart
      /** Buildpacks that have run before it, whose exported variables it gets. */
      after?: number
      variables: Record<string, string>
      /** What is masked in the log and in the tail; the values of all variables when absent. */
      secretValues?: readonly string[]
      /** Programs that come before the host's usual ones. */
      toolchain?: Pick<Toolchain, 'folders' | 'environment'> | undefined
      timeoutMs: number
      signal: AbortSignal
    },
  ): Promise<StepResult>
  /** Programs of this host for the tools of a plan; looks only, changes nothing. */
  toolchain(tools: Plan['tools'], owner: Owner): Promise<Toolchain>
}

/** One program of a classic buildpack. `variables` reach only compile, and only as files. */
export interface PackPart {
  program: 'detect' | 'compile' | 'release'
  /** For the log. */
  name: string
  /** The buildpack as it was fetched; it works on a copy. */
  directory: string
  /** Its place among those of the plan, from 0, and how many they are. */
  index: number
  count: number
}

/** Which programs of a host a release is built and run with. */
export interface Toolchain {
  /** Absolute, to come first on PATH, in this order. */
  folders: string[]
  /** Such as JAVA_HOME. */
  environment: Record<string, string>
  /** Commands that fetch what the host does not have, to be run before the first step. Safe to repeat. */
  fetches: string[]
  /** A sentence for each tool that cannot be had in the version asked for. */
  unmet: string[]
  /** What was chosen, in words. */
  notes: string[]
}

/** `noRoom`: the command failed, and the disk was full then; a sentence on how full. */
export type StepResult = JobResult & { noRoom?: string }

interface Owner {
  serviceId: string
  environment: string
}
