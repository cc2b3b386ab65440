import { createRoute } from '@hono/zod-openapi'
import { parseReleaseNumber } from '../../contract/names.ts'
import { acceptDeployment, locationOf } from '../accept-deployment.ts'
import { needs } from '../authorise.ts'
import type { AppDeps } from '../deps.ts'
import { findEnvironment, findService } from '../find.ts'
import type { Metrics } from '../metrics.ts'
import {
  acceptedDeployment,
  bodyProblems,
  commonProblems,
  environmentParams,
  idempotencyHeaders,
  newRouter,
  problems,
} from '../openapi.ts'
import { Refusal } from '../refusal.ts'

const create = createRoute({
  method: 'post',
  path: '/services/{serviceId}/environments/{environment}/restart',
  operationId: 'restart',
  ...needs('deployer'),
  summary: 'Bring the live release up anew, with the variables of now',
  description: 'A deployment without a build: the new processes are checked before they get the traffic.',
  tags: ['deployments'],
  request: { params: environmentParams, headers: idempotencyHeaders },
  responses: { 202: acceptedDeployment, ...problems(404, 409), ...bodyProblems, ...commonProblems },
})

export const restartRoutes = (deps: AppDeps, { accepted }: Pick<Metrics, 'accepted'>) =>
  newRouter().openapi(create, async (c) => {
    const { serviceId, environment: name } = c.req.valid('param')
    const service = await findService(deps, serviceId)
    const environment = await findEnvironment(deps, { serviceId, environment: name })
    const { live } = environment
    if (!live) throw nothingLive(serviceId, name)
    const running = await deps.store.deployments.find(live.deploymentId)
    const deployment = await acceptDeployment(
      { ...deps, accepted },
      {
        service,
        environment,
        trigger: 'restart',
        by: c.get('caller').name,
        ref: running?.ref ?? environment.branch,
        commitSha: live.commitSha ?? undefined,
        releaseNumber: parseReleaseNumber(live.releaseId),
      },
      c.get('enqueueId'),
    )
    return c.json(deployment, 202, locationOf(deployment))
  })

const nothingLive = (serviceId: string, environment: string) =>
  new Refusal(
    409,
    'NothingLive',
    `Nothing of ${serviceId}/${environment} is live, so there is nothing to restart. Deploy it.`,
  )
