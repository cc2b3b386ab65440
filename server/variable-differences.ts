import type { VariableDifference } from '../contract/diff.ts'
import { openVariable } from '../ports/opened-variables.ts'
import type { Secrets } from '../ports/secrets.ts'
import type { EnvironmentRow, SealedVariable, Store } from '../ports/store.ts'

/** Variables of one environment. */
export interface VariableSet {
  serviceId: string
  environment: string
  variables: readonly SealedVariable[]
}

/** Which names differ; values are compared and never shown. One that cannot be opened counts as changed. */
export function variableDifferences(
  secrets: Pick<Secrets, 'open'>,
  from: VariableSet,
  to: VariableSet,
): VariableDifference[] {
  const before = byName(from)
  const after = byName(to)
  const names = [...new Set([...before.keys(), ...after.keys()])].toSorted()
  return names.flatMap((name): VariableDifference[] => {
    const [old, now] = [before.get(name), after.get(name)]
    if (!old) return [{ name, change: 'added' }]
    if (!now) return [{ name, change: 'removed' }]
    return sameValue(secrets, { ...from, variable: old }, { ...to, variable: now })
      ? []
      : [{ name, change: 'changed' }]
  })
}

/** What the live release does not run with yet; nothing when nothing is live. */
export async function pendingChanges(
  { store, secrets }: { store: Pick<Store, 'releases'>; secrets: Pick<Secrets, 'open'> },
  { serviceId, environment, live }: EnvironmentRow,
  variables: readonly SealedVariable[],
): Promise<VariableDifference[]> {
  const running = live && (await store.releases.find(live.releaseId, live.deploymentId))
  if (!running) return []
  const name = { serviceId, environment }
  return variableDifferences(secrets, { ...name, variables: running.sealedVariables }, { ...name, variables })
}

const byName = ({ variables }: VariableSet) => new Map(variables.map((one) => [one.name, one]))

interface Place {
  serviceId: string
  environment: string
  variable: SealedVariable
}

function sameValue(secrets: Pick<Secrets, 'open'>, a: Place, b: Place): boolean {
  if (a.variable.sealed === b.variable.sealed) return true
  try {
    return openVariable(secrets, a, a.variable) === openVariable(secrets, b, b.variable)
  } catch {
    return false
  }
}
