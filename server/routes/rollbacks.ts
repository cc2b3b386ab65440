import { createRoute } from '@hono/zod-openapi'
import { rollbackSchema } from '../../contract/deployment.ts'
import { parseReleaseNumber } from '../../contract/names.ts'
import { needs } from '../authorise.ts'
import { acceptDeployment, locationOf } from '../accept-deployment.ts'
import type { AppDeps } from '../deps.ts'
import { findEnvironment, findService } from '../find.ts'
import type { Metrics } from '../metrics.ts'
import {
  acceptedDeployment,
  bodyOf,
  bodyProblems,
  commonProblems,
  environmentParams,
  idempotencyHeaders,
  newRouter,
  problems,
} from '../openapi.ts'
import { pastDeployment } from '../past-deployment.ts'
import { rollbackTarget } from '../rollback-target.ts'

const create = createRoute({
  method: 'post',
  path: '/services/{serviceId}/environments/{environment}/rollback',
  operationId: 'rollBack',
  ...needs('deployer'),
  summary: 'Go back to an earlier release',
  description:
    'A new deployment of a release that is kept: nothing is built. Without `releaseId` the newest one before the live one. With `deploymentId` any past deployment: when its release is gone, its commit is built again, with the variables that it had.',
  tags: ['deployments'],
  request: {
    params: environmentParams,
    headers: idempotencyHeaders,
    body: bodyOf(rollbackSchema, { releaseId: 'shop.production.r6' }, false),
  },
  responses: { 202: acceptedDeployment, ...problems(404, 409), ...bodyProblems, ...commonProblems },
})

export const rollbackRoutes = (deps: AppDeps, { accepted }: Pick<Metrics, 'accepted'>) =>
  newRouter().openapi(create, async (c) => {
    const { serviceId, environment: name } = c.req.valid('param')
    const service = await findService(deps, serviceId)
    const environment = await findEnvironment(deps, { serviceId, environment: name })
    const { releaseId, deploymentId } = c.req.valid('json')
    if (deploymentId !== undefined) {
      const wish = {
        service,
        environment,
        by: c.get('caller').name,
        ...(await pastDeployment(deps, environment, deploymentId)),
      }
      const past = await acceptDeployment({ ...deps, accepted }, wish, c.get('enqueueId'))
      return c.json(past, 202, locationOf(past))
    }
    const release = await rollbackTarget(deps, environment, releaseId)
    const built = await deps.store.deployments.find(release.deploymentId)
    const deployment = await acceptDeployment(
      { ...deps, accepted },
      {
        service,
        environment,
        trigger: 'rollback',
        by: c.get('caller').name,
        ref: built?.ref ?? environment.branch,
        commitSha: release.commitSha ?? undefined,
        releaseNumber: parseReleaseNumber(release.releaseId),
        rollbackOf: release.deploymentId,
      },
      c.get('enqueueId'),
    )
    return c.json(deployment, 202, locationOf(deployment))
  })
