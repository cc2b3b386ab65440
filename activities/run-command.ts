import type { FailureCode } from '../contract/failures.ts'
import type { Plan } from '../contract/plan.ts'
import type { DeployInput, StepReport } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'
import type { StepResult } from '../ports/builder.ts'
import type { JobResult } from '../ports/jobs.ts'
import { limitMet, limitWord } from './limit-met.ts'
import { releaseContext, type ReleaseContext } from './release-context.ts'
import { withProfile } from './profile.ts'
import { toolchainOf } from './require-tools.ts'
import { expected } from './typed-failure.ts'

/** How one step runs its command of the plan. */
export interface PlannedStep {
  name: 'install' | 'build' | 'reload'
  command(plan: Plan): { command: string; reason: string } | null
  /** Commands that have to succeed first. */
  before?: readonly string[]
  timeoutMs(plan: Plan): number
  failure: FailureCode
  /** What the step shows when there is no such command. */
  nothing: string
}

/** Runs the command as a job; an attempt after a crash attaches to it, so it runs once. */
export async function runCommand(
  ports: Pick<Ports, 'builder' | 'store' | 'secrets' | 'releases'>,
  input: DeployInput,
  step: PlannedStep,
  signal: AbortSignal,
  context?: ReleaseContext,
): Promise<StepReport> {
  const [{ plan, variables, secretValues }, toolchain] = await Promise.all([
    context ?? releaseContext(ports, input),
    toolchainOf(ports, input),
  ])
  const planned = step.command(plan)
  if (!planned) return { detail: step.nothing, skipped: true }
  const timeoutMs = step.timeoutMs(plan)
  const { command } = planned
  const own = step.name === 'reload' ? withProfile(plan, command) : command
  const whole = [...(step.before ?? []), own].join(' && ')
  const work = { release: input, plan, command: whole, variables, secretValues, toolchain, timeoutMs, signal }
  const result = await ports.builder.run(step.name, work)
  succeeded(result, { command, failure: step.failure, timeoutMs, plan })
  return { detail: shortened(command) }
}

/** @throws the failure that fits when the command did not end with status 0 */
export function succeeded(
  result: StepResult,
  { command, failure, timeoutMs, plan }: Ran,
): asserts result is StepResult & { outcome: 'exited' } {
  const { noRoom } = result
  if (noRoom !== undefined)
    throw expected('DiskFull', `\`${command}\` found no room: ${noRoom}.\n${result.tail}`)
  if (result.outcome === 'timedOut')
    throw expected('CommandTimedOut', overdue(command, timeoutMs, result.tail))
  // Its processes vanish each time that it is started.
  if (result.outcome === 'unknown')
    throw expected(failure, `\`${command}\` vanished without a result.\n${result.tail}`)
  if (result.exitCode !== 0 && result.limit) {
    const { code, message } = limitMet(result.limit, plan.buildLimits)
    throw expected(code, `\`${command}\` ${message}\n${result.tail}`)
  }
  if (result.exitCode !== 0) throw expected(failure, failed(command, result))
}

interface Ran {
  command: string
  failure: FailureCode
  timeoutMs: number
  plan: Plan
}

export const overdue = (command: string, timeoutMs: number, tail: string): string =>
  `\`${command}\` ran longer than ${timeoutMs / 1000} s.\n${tail}`

export function failed(
  command: string,
  { signal, exitCode, tail, limit }: Extract<JobResult, { outcome: 'exited' }>,
): string {
  const how = signal ? `was killed by ${signal}` : `ended with exit status ${exitCode}`
  return `\`${command}\` ${how}${limitWord(limit)}.\n${tail}`
}

export const shortened = (command: string): string =>
  command.length > 80 ? `${command.slice(0, 79)}…` : command
