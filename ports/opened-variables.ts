import { variableContext } from '../contract/names.ts'
import type { Secrets } from './secrets.ts'
import type { Store } from './store.ts'

/** Those variables of an environment that have one of the names, opened. */
export async function openVariables(
  { store, secrets }: { store: Pick<Store, 'variables'>; secrets: Pick<Secrets, 'open'> },
  { serviceId, environment }: { serviceId: string; environment: string },
  names: readonly string[],
): Promise<Record<string, string>> {
  const all = await store.variables.list(serviceId, environment)
  const wanted = all.filter(({ name }) => names.includes(name))
  return Object.fromEntries(
    wanted.map(({ name, sealed }) => [
      name,
      secrets.open(sealed, variableContext(serviceId, environment, name)),
    ]),
  )
}
