import type { Finding } from '../../contract/deployment.ts'
import { PlanError, type Plan } from '../../contract/plan.ts'
import { SourceError, type Repository } from '../../ports/source.ts'
import { finding } from './findings.ts'
import type { HostReadinessOptions } from './options.ts'
import type { Target } from './target.ts'

/** Programs that the commit asks for and the host does not have, in the version asked for. */
export async function programFindings(
  programs: NonNullable<HostReadinessOptions['programs']>,
  target: Target,
  plan: Plan,
): Promise<Finding[]> {
  const unmet = await programs.unmet(plan.tools, target)
  return unmet.map((message) =>
    finding(
      'ToolMissing',
      `${message} Install it on the host, or change what the repository asks for.`,
      'sluice doctor',
    ),
  )
}

/** None where there is no plan: that has codes of its own, and the fetch step says them. */
export async function planInTime(
  { planOf, patience }: NonNullable<HostReadinessOptions['programs']>,
  target: Target,
  repository: Repository,
  commit: string,
  signal: AbortSignal | undefined,
): Promise<Plan | undefined> {
  const late = AbortSignal.timeout(patience)
  const either = signal ? AbortSignal.any([signal, late]) : late
  const whenLate = Promise.withResolvers<undefined>()
  late.addEventListener('abort', () => whenLate.resolve(undefined), { once: true })
  const planning = planOf(target, repository, commit, either).catch((error: unknown) => {
    if (late.aborted || error instanceof SourceError || error instanceof PlanError) return undefined
    throw error
  })
  return Promise.race([planning, whenLate.promise])
}
