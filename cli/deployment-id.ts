import type { Deployment } from '../contract/deployment.ts'
import { parseDeploymentId } from '../contract/names.ts'
import { CliError } from './cli-error.ts'
import type { Client } from './client.ts'

/** The environment that a command means when none is named. */
export const standardEnvironment = 'production'

/**
 * The deployment that is meant by an id (`shop.production.7`), or by a service and an environment: the newest one.
 * @throws CliError when there is none
 */
export async function findDeployment(
  client: Client,
  idOrService: string,
  environment = standardEnvironment,
): Promise<Deployment> {
  if (parseDeploymentId(idOrService)) return await client.get<Deployment>(`/v1/deployments/${idOrService}`)
  const query = new URLSearchParams({
    serviceId: idOrService,
    environment,
    limit: '1',
    includeArchived: 'true',
  })
  const { data } = await client.get<{ data: Deployment[] }>(`/v1/deployments?${query.toString()}`)
  if (data[0]) return data[0]
  throw new CliError(`There is no deployment of ${idOrService} in ${environment}.`, {
    next: `Start one with \`sluice deploy ${idOrService} ${environment}\`; \`sluice service list\` shows the services.`,
  })
}
