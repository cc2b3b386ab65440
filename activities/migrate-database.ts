import type { Plan } from '../contract/plan.ts'
import type { DeployInput, StepReport } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'
import type { JobResult } from '../ports/jobs.ts'
import type { MigrationAnswer } from '../ports/store.ts'
import { nothingTo } from './idle-steps.ts'
import { limitWord } from './limit-met.ts'
import { releaseContext } from './release-context.ts'
import { toolchainOf } from './require-tools.ts'
import { failed, overdue, shortened } from './run-command.ts'
import { withProfile } from './profile.ts'
import { asStep } from './step.ts'
import { expected } from './typed-failure.ts'

/** A hook that loses its result every time is not started for ever. */
const mostRuns = 3
/** A shell says with these that it could not run a command at all, which answers nothing. */
const couldNotRun = [126, 127]

type Hook = NonNullable<Plan['migrate']>
type Run = (name: string, command: string, repeatable: boolean) => Promise<JobResult>

/**
 * Runs the migration hook at most once per deployment. Its job is not repeatable: where its result is lost, the hook
 * itself must have said what to do (`check`, `repeatable`), or a person is asked. Safe to repeat: an attempt after a
 * crash attaches to the same jobs in the same order.
 */
export const migrateDatabase = (ports: Pick<Ports, 'builder' | 'store' | 'secrets' | 'releases'>) =>
  asStep('migrate', ports, async (input, signal): Promise<StepReport> => {
    const [{ plan, variables, secretValues }, answer, toolchain] = await Promise.all([
      releaseContext(ports, input),
      answerFor(ports, input),
      toolchainOf(ports, input),
    ])
    const hook = plan.migrate
    if (!hook) return { detail: nothingTo.migrate, skipped: true }
    if (answer) return { detail: `already migrated, as resolved by ${answer.by}`, skipped: true }
    const timeoutMs = plan.migrateTimeoutMs
    const work = { release: input, plan, variables, secretValues, toolchain, timeoutMs, signal }
    return migrate(hook, timeoutMs, (job, command, repeatable) =>
      ports.builder.run('migrate', { ...work, job, command: withProfile(plan, command), repeatable }),
    )
  })

/** What a person said of this commit's migration: that it is in the database, though its result was lost. */
async function answerFor(
  { store }: Pick<Ports, 'store'>,
  { serviceId, environment, number, deploymentId }: DeployInput,
): Promise<MigrationAnswer | undefined> {
  const last = await store.deployments.lastMigration(serviceId, environment, number)
  if (last?.resolved?.answer !== 'migrated') return undefined
  const own = await store.deployments.find(deploymentId)
  return own?.commitSha === last.commitSha ? last.resolved : undefined
}

async function migrate(hook: Hook, timeoutMs: number, run: Run): Promise<StepReport> {
  let lost: Lost | undefined
  for (let round = 1; round <= mostRuns; round++) {
    const result = await run(round === 1 ? 'migrate' : `migrate-${round}`, hook.command, false)
    if (result.outcome === 'timedOut')
      throw expected('MigrationTimedOut', overdue(hook.command, timeoutMs, result.tail))
    if (!isLost(result)) {
      if (result.exitCode !== 0) throw expected('MigrationFailed', failed(hook.command, result))
      return { detail: shortened(hook.command) }
    }
    lost = result
    if (!hook.check && !hook.repeatable) throw unknown(hook, lost)
    if (hook.check && (await isApplied(hook, lost, round, run)))
      return { detail: `${shortened(hook.command)}: its result was lost, its check says that it is applied` }
  }
  if (!hook.check) throw unknown(hook, lost!, `in each of ${mostRuns} runs`)
  throw expected(
    'MigrationFailed',
    `\`${hook.command}\` lost its result in each of ${mostRuns} runs, and its check says that it is not applied.\n${lost!.tail}`,
  )
}

/** Nobody saw it end by itself: what it has done by then is a riddle. */
function isLost(result: Exclude<JobResult, { outcome: 'timedOut' }>): result is Lost {
  return result.outcome === 'unknown' || result.signal !== null
}
type Lost =
  | Extract<JobResult, { outcome: 'unknown' }>
  | (Extract<JobResult, { outcome: 'exited' }> & { signal: string })

/** @throws MigrationOutcomeUnknown when the check itself gives no answer */
async function isApplied(hook: Hook, lost: Lost, round: number, run: Run): Promise<boolean> {
  const checked = await run(`migrate-check-${round}`, hook.check!, true)
  if (checked.outcome !== 'exited' || checked.signal !== null || couldNotRun.includes(checked.exitCode))
    throw unknown(hook, lost, `and its check \`${hook.check!}\` gave no answer`)
  return checked.exitCode === 0
}

function unknown({ command }: Hook, lost: Lost, more = '') {
  const how =
    lost.outcome === 'exited'
      ? `was killed by ${lost.signal}${limitWord(lost.limit)}`
      : 'was started, but its result was lost'
  const sentence = [`\`${command}\` ${how}`, more].filter(Boolean).join(' ')
  return expected('MigrationOutcomeUnknown', `${sentence}.\n${lost.tail}`)
}
