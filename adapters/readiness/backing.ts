import type { Finding } from '../../contract/deployment.ts'
import { openVariable } from '../../ports/opened-variables.ts'
import type { Secrets } from '../../ports/secrets.ts'
import type { EnvironmentRow, SealedVariable } from '../../ports/store.ts'
import { unreachableDatabases } from './databases/index.ts'
import { finding } from './findings.ts'
import type { HostReadinessOptions } from './options.ts'
import { isRollback, releaseOf } from './target.ts'
import type { Target } from './target.ts'

/** Whether the variables can be read and the services named in them answer. */
export async function backingFindings(
  { store, secrets }: HostReadinessOptions,
  target: Target,
  environment: EnvironmentRow,
  signal: AbortSignal | undefined,
): Promise<Finding[]> {
  const { serviceId, environment: name } = environment
  const sealed = (await earlierVariables(store, target)) ?? (await store.variables.effective(serviceId, name))
  const { opened, unreadable } = openAll(secrets, environment, sealed)
  const [missing, unreachable] = await Promise.all([
    missingVariables(store, target, environment, new Set(sealed.map((variable) => variable.name))),
    unreachableDatabases({ ...environment.config.environment, ...opened }, signal),
  ])
  return [
    ...missing.map((variable) =>
      finding(
        'VariableMissing',
        `${variable} is not set, and the service requires it.`,
        `sluice env set ${serviceId} ${name} ${variable}=…`,
      ),
    ),
    ...unreadable.map((variable) =>
      finding(
        'VariableUnreadable',
        `${variable} cannot be decrypted. Set it anew.`,
        `sluice env set ${serviceId} ${name} ${variable}=…`,
      ),
    ),
    ...unreachable.map(({ variable, message }) =>
      finding('DatabaseUnreachable', message, `sluice env set ${serviceId} ${name} ${variable}=…`),
    ),
  ]
}

/**
 * Of a release that is taken again all that it requires is known; of code that is still to be fetched only what the
 * environment says itself. The fetch step looks at the rest.
 */
async function missingVariables(
  store: HostReadinessOptions['store'],
  target: Target,
  { config }: EnvironmentRow,
  set: ReadonlySet<string>,
): Promise<string[]> {
  const plan = isRollback(target) ? (await store.releases.find(releaseOf(target)))?.plan : undefined
  const requires = plan ? (plan.requires ?? []) : (config.requires ?? [])
  const plain = { ...plan?.environment, ...config.environment }
  return requires.filter((name) => !set.has(name) && !Object.hasOwn(plain, name))
}

/** A rollback and a rebuild run with variables of then; everything else with those of now. */
async function earlierVariables(
  store: HostReadinessOptions['store'],
  target: Target,
): Promise<SealedVariable[] | undefined> {
  const { trigger, rollbackOf } = target
  if (trigger === 'rollback' && isRollback(target))
    return (await store.releases.find(releaseOf(target), rollbackOf))?.sealedVariables ?? []
  if (trigger !== 'rebuild' || rollbackOf === undefined) return undefined
  const before = await store.deployments.find(rollbackOf)
  if (!before?.releaseId) return undefined
  return (await store.releases.find(before.releaseId, rollbackOf))?.sealedVariables
}

function openAll(secrets: Pick<Secrets, 'open'>, environment: EnvironmentRow, sealed: SealedVariable[]) {
  const opened: Record<string, string> = {}
  const unreadable: string[] = []
  for (const variable of sealed) {
    try {
      opened[variable.name] = openVariable(secrets, environment, variable)
    } catch {
      unreadable.push(variable.name)
    }
  }
  return { opened, unreadable }
}
