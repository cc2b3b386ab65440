import { runContext } from '../contract/names.ts'
import { defaults } from '../contract/defaults.ts'
import { isRunOver } from '../contract/run.ts'
import type { RunInput } from '../contract/workflows.ts'
import type { StepResult } from '../ports/builder.ts'
import type { Ports } from '../ports/index.ts'
import { JobCanceled } from '../ports/jobs.ts'
import type { RunEnd, RunRow } from '../ports/run-store.ts'
import { limitMet } from './limit-met.ts'
import { crashPoint } from './crash-point.ts'
import { withProfile } from './profile.ts'
import { releaseContext } from './release-context.ts'
import { toolchainOf } from './require-tools.ts'
import { attended } from './step.ts'

type RunPorts = Pick<Ports, 'runner' | 'store' | 'secrets' | 'releases' | 'jobs'>

/**
 * The words of the command come by the environment: they are in nobody's list of processes, until the shell of the
 * service's own user has read them.
 */
const line = 'run=$SLUICE_COMMAND; unset SLUICE_COMMAND; eval "$run"'

/** Notes that the host has taken the run up; nothing of it runs yet. False when there is nothing to run (any more). */
export const beginRun =
  ({ store }: Pick<Ports, 'store'>) =>
  ({ runId }: RunInput): Promise<boolean> =>
    attended(async () => {
      const run = await store.runs.started(runId)
      return run !== undefined && !isRunOver(run.status)
    })

/**
 * Runs the command, or attaches to it: it is a job that is started at most once. Safe to repeat: what has ended is
 * recorded before its job is forgotten.
 */
export const attendRun = (ports: RunPorts) => (input: RunInput) =>
  attended(async (signal): Promise<void> => {
    const { store, jobs } = ports
    const run = await store.runs.find(input.runId)
    if (!run) return
    if (!isRunOver(run.status)) {
      const end = await carryOut(ports, run, signal).catch((error: unknown): RunEnd => {
        // Not by this run's own cancel: its environment is being removed, and no attempt will find the job again.
        if (!(error instanceof JobCanceled) || signal.aborted) throw error
        return { status: 'CANCELED', exitCode: null, note: null }
      })
      await crashPoint('run ended', run)
      await store.runs.finish(run.id, end)
    }
    await jobs.discard(jobOf(run))
  })

/** The run was given up: whatever of it runs is ended. */
export const clearRun =
  ({ store, jobs }: Pick<Ports, 'store' | 'jobs'>) =>
  ({ runId }: RunInput): Promise<void> =>
    attended(async () => {
      const run = await store.runs.find(runId)
      if (run) await jobs.discard(jobOf(run))
    })

/** As the builder names it. */
const jobOf = ({ serviceId, environment, id }: RunRow): string =>
  `${serviceId}/${environment}/run/${id.replaceAll('_', '-')}`

async function carryOut(ports: RunPorts, run: RunRow, signal: AbortSignal): Promise<RunEnd> {
  const { serviceId, environment, number, releaseNumber, deploymentId } = run
  const release = { serviceId, environment, number, releaseNumber, deploymentId }
  if (!(await ports.releases.exists(release)))
    return { status: 'FAILED', exitCode: null, note: 'The release is not on the disk any more.' }
  const { plan, variables, secretValues } = await releaseContext(ports, release)
  const timeoutMs = defaults.runTimeout
  const result = await ports.runner.run('run', {
    release,
    plan,
    run: run.id,
    command: withProfile(plan, line),
    variables: {
      ...variables,
      SLUICE_SERVICE: serviceId,
      SLUICE_ENVIRONMENT: environment,
      SLUICE_DEPLOYMENT: String(number),
      SLUICE_RELEASE: String(releaseNumber),
      SLUICE_COMMAND: ports.secrets.open(run.sealedCommand, runContext(serviceId, run.id)),
    },
    secretValues,
    toolchain: await toolchainOf(ports, release),
    ...{ timeoutMs, signal },
  })
  return endOf(result, plan.buildLimits)
}

function endOf(result: StepResult, limits: Parameters<typeof limitMet>[1]): RunEnd {
  if (result.outcome === 'timedOut')
    return { status: 'FAILED', exitCode: null, note: 'It ran longer than a day and was ended.' }
  if (result.outcome === 'unknown')
    return { status: 'FAILED', exitCode: null, note: 'Its processes vanished, and nobody saw how it ended.' }
  const { exitCode, limit, noRoom } = result
  if (exitCode === 0) return { status: 'SUCCEEDED', exitCode, note: null }
  const why = limit ? `The command ${limitMet(limit, limits).message}` : null
  return {
    status: 'FAILED',
    exitCode,
    note: why ?? (noRoom === undefined ? null : `It found no room: ${noRoom}`),
  }
}
