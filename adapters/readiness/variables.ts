import type { Finding } from '../../contract/deployment.ts'
import type { Plan } from '../../contract/plan.ts'
import type { EnvironmentRow, SealedVariable } from '../../ports/store.ts'
import { finding } from './findings.ts'
import type { HostReadinessOptions } from './options.ts'
import { isRollback, releaseOf } from './target.ts'
import type { Target } from './target.ts'

type Stored = HostReadinessOptions['store']

/** What a deployment runs with: a rollback and a rebuild with variables of then, everything else with those of now. */
export async function variablesFor(store: Stored, target: Target): Promise<SealedVariable[]> {
  return (
    (await earlierVariables(store, target)) ??
    (await store.variables.effective(target.serviceId, target.environment))
  )
}

/** Of a release that is taken again all that it requires is known; without its plan only what the environment says. */
export async function requiredFindings(
  store: Stored,
  target: Target,
  { config }: EnvironmentRow,
): Promise<Finding[]> {
  const plan = isRollback(target) ? (await store.releases.find(releaseOf(target)))?.plan : undefined
  const environment = { ...plan?.environment, ...config.environment }
  return missingFindings(store, target, { requires: plan ? plan.requires : config.requires, environment })
}

/** One for each variable that is required and not set. */
export async function missingFindings(
  store: Stored,
  target: Target,
  { requires, environment }: { requires?: Plan['requires'] | undefined; environment: Plan['environment'] },
): Promise<Finding[]> {
  if (!requires) return []
  const set = new Set((await variablesFor(store, target)).map(({ name }) => name))
  const missing = requires.filter((name) => !set.has(name) && !Object.hasOwn(environment, name))
  return missing.map((name) =>
    finding(
      'VariableMissing',
      `${name} is not set, and the service requires it.`,
      `sluice env set ${target.serviceId} ${target.environment} ${name}=…`,
    ),
  )
}

async function earlierVariables(store: Stored, target: Target): Promise<SealedVariable[] | undefined> {
  const { trigger, rollbackOf } = target
  if (trigger === 'rollback' && isRollback(target))
    return (await store.releases.find(releaseOf(target), rollbackOf))?.sealedVariables ?? []
  if (trigger !== 'rebuild' || rollbackOf === undefined) return undefined
  const before = await store.deployments.find(rollbackOf)
  if (!before?.releaseId) return undefined
  return (await store.releases.find(before.releaseId, rollbackOf))?.sealedVariables
}
