import type { Plan } from '../../../contract/plan.ts'
import type { ServiceUsers } from '../../process/service-user.ts'
import { FoundTools } from './found-tools.ts'
import { unmetTools } from './toolchain.ts'

/**
 * Looks which of the tools this host does not have in the version asked for; a sentence for each. Without `users` those
 * that only the service's user may not reach count as there.
 */
export function hostPrograms(users?: ServiceUsers) {
  const found = new FoundTools()
  return async (
    tools: Plan['tools'],
    { serviceId, environment }: { serviceId: string; environment: string },
  ): Promise<string[]> =>
    unmetTools(tools, { user: (await users?.userOf(serviceId, environment)) ?? null, found })
}
