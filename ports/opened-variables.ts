import { variableContext } from '../contract/names.ts'
import type { Secrets } from './secrets.ts'
import type { SealedVariable, Store } from './store.ts'

interface Place {
  serviceId: string
  environment: string
}

/** The value of a variable that this environment has, of its own or inherited. @throws when it cannot be opened */
export const openVariable = (
  secrets: Pick<Secrets, 'open'>,
  { serviceId, environment }: Place,
  { name, sealed, from }: SealedVariable,
): string => secrets.open(sealed, variableContext(serviceId, from ?? environment, name))

/** Those variables of an environment that have one of the names, opened. */
export async function openVariables(
  { store, secrets }: { store: Pick<Store, 'variables'>; secrets: Pick<Secrets, 'open'> },
  place: Place,
  names: readonly string[],
): Promise<Record<string, string>> {
  const all = await store.variables.effective(place.serviceId, place.environment)
  const wanted = all.filter(({ name }) => names.includes(name))
  return Object.fromEntries(wanted.map((one) => [one.name, openVariable(secrets, place, one)]))
}

/** What is kept with a release or a deployment: the variables as they are now, whatever is changed later. */
export const snapshotOf = (variables: readonly SealedVariable[]): SealedVariable[] =>
  variables.map(({ name, sealed, secret, from }) => ({
    ...{ name, sealed, secret },
    ...(from === undefined ? {} : { from }),
  }))
