import type { Finding } from '../../contract/deployment.ts'
import { variableContext } from '../../contract/names.ts'
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
  // A rollback runs with the variables that its release was made with.
  const sealed = isRollback(target)
    ? ((await store.releases.find(releaseOf(target)))?.sealedVariables ?? [])
    : await store.variables.list(serviceId, name)
  const { opened, unreadable } = openAll(secrets, environment, sealed)
  const unreachable = await unreachableDatabases({ ...environment.config.environment, ...opened }, signal)
  return [
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

function openAll(
  secrets: Pick<Secrets, 'open'>,
  { serviceId, environment }: EnvironmentRow,
  sealed: SealedVariable[],
) {
  const opened: Record<string, string> = {}
  const unreadable: string[] = []
  for (const variable of sealed) {
    try {
      opened[variable.name] = secrets.open(
        variable.sealed,
        variableContext(serviceId, environment, variable.name),
      )
    } catch {
      unreadable.push(variable.name)
    }
  }
  return { opened, unreadable }
}
