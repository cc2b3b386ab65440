import type { Deployment } from '../contract/deployment.ts'
import type { EnvironmentRow, ServiceRow } from '../ports/store.ts'
import type { AppDeps } from './deps.ts'
import { notFound } from './refusal.ts'

interface EnvironmentName {
  serviceId: string
  environment: string
}

/** @throws Refusal 404 */
export async function findService({ store }: Pick<AppDeps, 'store'>, serviceId: string): Promise<ServiceRow> {
  const row = await store.services.find(serviceId)
  if (!row) throw notFound('Service', serviceId)
  return row
}

/** @throws Refusal 404 */
export async function findEnvironment(
  deps: Pick<AppDeps, 'store'>,
  name: EnvironmentName,
): Promise<EnvironmentRow> {
  const row = await deps.store.environments.find(name.serviceId, name.environment)
  if (row) return row
  await findService(deps, name.serviceId)
  throw notFound('Environment', `${name.environment} of ${name.serviceId}`)
}

/** @throws Refusal 404 */
export async function findDeployment({ store }: Pick<AppDeps, 'store'>, id: string): Promise<Deployment> {
  const deployment = await store.deployments.find(id)
  if (!deployment) throw notFound('Deployment', id)
  return deployment
}
