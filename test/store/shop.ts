import { deploymentId, deployWorkflowId } from '../../contract/names.ts'
import type { ReleaseRef } from '../../contract/workflows.ts'
import type { NewDeployment, Store } from '../../ports/store.ts'

/** A service `shop` with an environment `production`, for tests of the store. */
export async function addShop(store: Store, serviceId = 'shop', environment = 'production'): Promise<void> {
  await store.services.create({
    serviceId,
    source: { kind: 'git', url: `https://example.com/acme/${serviceId}.git` },
    sealedCredentials: null,
    repoFullName: `acme/${serviceId}`,
  })
  await addEnvironment(store, serviceId, environment)
}

export const addEnvironment = (
  store: Store,
  serviceId: string,
  environment: string,
  domains: string[] = [],
) =>
  store.environments.put({
    serviceId,
    environment,
    branch: 'main',
    domains,
    autoDeploy: true,
    config: {},
    host: 'local',
  })

export function newDeployment(number: number, changes: Partial<NewDeployment> = {}): NewDeployment {
  const { serviceId = 'shop', environment = 'production' } = changes
  return {
    id: deploymentId(serviceId, environment, number),
    number,
    serviceId,
    environment,
    trigger: 'api',
    ref: 'main',
    commitSha: null,
    repoFullName: `acme/${serviceId}`,
    serviceUrl: `http://${serviceId}.localhost`,
    retryOf: null,
    rollbackOf: null,
    releaseId: null,
    workflowId: deployWorkflowId(serviceId, environment, number),
    requestedBy: 'test',
    queuedAt: new Date(),
    ...changes,
  }
}

/** Records it and answers its id. */
export async function queue(
  store: Store,
  number: number,
  changes: Partial<NewDeployment> = {},
): Promise<string> {
  const deployment = newDeployment(number, changes)
  await store.deployments.recordQueued(deployment)
  return deployment.id
}

export const releaseOf = (number: number, releaseNumber = number): ReleaseRef => ({
  serviceId: 'shop',
  environment: 'production',
  number,
  deploymentId: deploymentId('shop', 'production', number),
  releaseNumber,
})
