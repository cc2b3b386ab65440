import type { Deployment } from '../../contract/deployment.ts'
import { parseInstanceId, webInstance } from '../../contract/instance-id.ts'
import { deploymentId } from '../../contract/names.ts'
import { isFinal } from '../../contract/vocabulary.ts'
import type { Store } from '../../ports/store.ts'

/**
 * What the store says of a deployment. `gone`: it was deleted with its environment. `unknown`: the store has never
 * heard of it, so it may be another store, or an older copy of it, and nothing of it is touched.
 */
export type Standing = 'underWay' | 'succeeded' | 'ended' | 'gone' | 'unknown'

export interface EnvironmentKey {
  serviceId: string
  environment: string
}

/** What should be, as far as one pass has to know. */
export interface Knowledge {
  standingOf(id: string): Standing
  /** A deployment of it waits or runs. */
  isBusy(of: EnvironmentKey): boolean
  /** It was deleted. */
  isGone(of: EnvironmentKey): boolean
}

/** The environment of a route or an instance. */
export function environmentIn(id: string): EnvironmentKey | undefined {
  const [serviceId, environment] = id.split('/')
  return serviceId && environment ? { serviceId, environment } : undefined
}

/**
 * Asks the store about these deployments and environments. What was unfinished `before` counts as such still.
 * @throws Error when it does not answer
 */
export async function learn(
  store: Store,
  { ids, environments }: { ids: Set<string>; environments: EnvironmentKey[] },
  before: Deployment[],
  ended: EndedDeployments,
): Promise<Knowledge> {
  const unfinished = [...before, ...(await store.deployments.unfinished())]
  const busy = new Set(unfinished.map(keyOf))
  const underWay = new Set(unfinished.map((one) => `${keyOf(one)}/${one.number}`))
  const gone = new Set<string>()
  for (const [key, of] of new Map(environments.map((one) => [keyOf(one), one])))
    if (await isDeleted(store, of)) gone.add(key)
  const standings = new Map<string, Standing>()
  for (const id of ids) standings.set(id, underWay.has(id) ? 'underWay' : await standing(store, id, ended))
  return {
    standingOf: (id) => standings.get(webInstance(id)) ?? 'unknown',
    isBusy: (of) => busy.has(keyOf(of)),
    isGone: (of) => gone.has(keyOf(of)),
  }
}

export const keyOf = ({ serviceId, environment }: EnvironmentKey): string => `${serviceId}/${environment}`

/** How deployments ended never changes; so it is asked for once. */
export type EndedDeployments = Map<string, Standing>

async function standing(store: Store, id: string, ended: EndedDeployments): Promise<Standing> {
  const known = ended.get(id)
  if (known) return known
  const parsed = parseInstanceId(id)
  if (!parsed) return 'unknown'
  const { serviceId, environment, number } = parsed
  const deployment = await store.deployments.find(deploymentId(serviceId, environment, number))
  if (deployment) {
    if (!isFinal(deployment.status)) return 'underWay'
    const outcome = deployment.status === 'SUCCEEDED' ? 'succeeded' : 'ended'
    ended.set(id, outcome)
    return outcome
  }
  // Numbers outlive a deleted environment: one up to the last was given out here.
  return number <= (await store.environments.lastNumber(serviceId, environment)) ? 'gone' : 'unknown'
}

const isDeleted = async (store: Store, { serviceId, environment }: EnvironmentKey): Promise<boolean> =>
  !(await store.environments.find(serviceId, environment)) &&
  (await store.environments.lastNumber(serviceId, environment)) > 0
