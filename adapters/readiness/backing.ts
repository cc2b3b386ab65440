import type { Finding } from '../../contract/deployment.ts'
import { openVariable } from '../../ports/opened-variables.ts'
import type { Secrets } from '../../ports/secrets.ts'
import type { EnvironmentRow, SealedVariable } from '../../ports/store.ts'
import { unreachableDatabases } from './databases/index.ts'
import { finding } from './findings.ts'
import type { HostReadinessOptions } from './options.ts'
import type { Target } from './target.ts'
import { requiredFindings, variablesFor } from './variables.ts'

/** Whether the variables can be read and the services named in them answer. */
export async function backingFindings(
  { store, secrets }: HostReadinessOptions,
  target: Target,
  environment: EnvironmentRow,
  signal: AbortSignal | undefined,
): Promise<Finding[]> {
  const { serviceId, environment: name } = environment
  const { opened, unreadable } = openAll(secrets, environment, await variablesFor(store, target))
  const unreachable = await unreachableDatabases({ ...environment.config.environment, ...opened }, signal)
  return [
    ...(await requiredFindings(store, target, environment)),
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
