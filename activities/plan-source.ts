import type { Plan } from '../contract/plan.ts'
import { isDetectionFile, packVariables, planWithCredentials } from '../plan/index.ts'
import type { Ports } from '../ports/index.ts'
import { openVariables } from '../ports/opened-variables.ts'
import type { Repository } from '../ports/source.ts'

type PlanPorts = Pick<Ports, 'source' | 'store' | 'secrets'>

interface Planned {
  serviceId: string
  environment: string
}

/** How a resolved commit is built in this environment. @throws SourceError, PlanError */
export async function planSource(
  ports: PlanPorts,
  { serviceId, environment }: Planned,
  repository: Repository,
  commit: string,
): Promise<ReturnType<typeof planWithCredentials>> {
  const [row, variables, tree] = await Promise.all([
    ports.store.environments.find(serviceId, environment),
    openVariables(ports, { serviceId, environment }, packVariables),
    ports.source.readTree(repository, commit, isDetectionFile),
  ])
  return planWithCredentials(tree, row?.config ?? {}, variables)
}

/** The same of a commit that nobody has resolved yet, without what is secret in it. */
export const planOf =
  (ports: PlanPorts) =>
  async (target: Planned, repository: Repository, commit: string, signal: AbortSignal): Promise<Plan> => {
    const { sha } = await ports.source.resolve(repository, commit, signal)
    return (await planSource(ports, target, repository, sha)).plan
  }
