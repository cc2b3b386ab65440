import { createRoute, z } from '@hono/zod-openapi'
import {
  archivedManySchema,
  archiveManySchema,
  deploymentSchema,
  listDeploymentsSchema,
  newDeploymentSchema,
} from '../../contract/deployment.ts'
import { deploymentDiffSchema } from '../../contract/diff.ts'
import { parseDeploymentId } from '../../contract/names.ts'
import { needs, requireReach } from '../authorise.ts'
import { acceptDeployment, locationOf, type Wish } from '../accept-deployment.ts'
import { unlessBadCursor } from '../cursor.ts'
import type { AppDeps } from '../deps.ts'
import { deploymentExample } from '../deployment-example.ts'
import { findDeployment, findEnvironment, findService } from '../find.ts'
import { diffDeployments } from '../diff-deployments.ts'
import type { Metrics } from '../metrics.ts'
import {
  acceptedDeployment,
  bodyOf,
  bodyProblems,
  commonProblems,
  deploymentParams,
  idempotencyHeaders,
  jsonOf,
  newRouter,
  problems,
} from '../openapi.ts'

const tags = ['deployments']
const path = '/deployments/{deploymentId}'
const example = deploymentExample

const create = createRoute({
  method: 'post',
  path: '/deployments',
  operationId: 'createDeployment',
  ...needs('deployer', 'narrows'),
  summary: 'Deploy',
  description:
    'Queues a deployment of the branch, or of `ref`. When something that it needs is missing, nothing is started and `findings` of the problem lists everything.',
  tags,
  request: {
    headers: idempotencyHeaders,
    body: bodyOf(newDeploymentSchema, { serviceId: 'shop', environment: 'production', ref: 'main' }),
  },
  responses: { 202: acceptedDeployment, ...problems(404, 409), ...bodyProblems, ...commonProblems },
})

const list = createRoute({
  method: 'get',
  path: '/deployments',
  operationId: 'listDeployments',
  ...needs('viewer', 'narrows'),
  summary: 'Deployments, newest first',
  tags,
  request: { query: listDeploymentsSchema },
  responses: {
    200: jsonOf(
      z.object({ data: z.array(deploymentSchema), nextCursor: z.string().nullable() }),
      'A page; `nextCursor` is null on the last one',
      { data: [example], nextCursor: null },
    ),
    ...problems(404, 422),
    ...commonProblems,
  },
})

const archiveMany = createRoute({
  method: 'post',
  path: '/deployments/archive',
  operationId: 'archiveDeployments',
  ...needs('deployer', 'narrows'),
  summary: 'Hide many from lists, or show them again',
  tags,
  request: {
    headers: idempotencyHeaders,
    body: bodyOf(archiveManySchema, { deploymentIds: ['shop.production.7'], archived: true }),
  },
  responses: {
    200: jsonOf(archivedManySchema, 'What was changed', { changed: ['shop.production.7'], skipped: [] }),
    ...bodyProblems,
    ...commonProblems,
  },
})

const diff = createRoute({
  method: 'get',
  path: `${path}/diff/{other}`,
  operationId: 'diffDeployments',
  ...needs('viewer'),
  summary: 'What differs between two deployments of a service',
  description: 'Commit, plan, and variables by name only. They may be of different environments.',
  tags,
  request: { params: deploymentParams.extend({ other: deploymentParams.shape.deploymentId }) },
  responses: {
    200: jsonOf(deploymentDiffSchema, 'The differences'),
    ...problems(404, 409),
    ...commonProblems,
  },
})

const read = createRoute({
  method: 'get',
  path,
  operationId: 'readDeployment',
  ...needs('viewer'),
  summary: 'One deployment with its steps',
  tags,
  request: { params: deploymentParams },
  responses: {
    200: jsonOf(deploymentSchema, 'The deployment', example),
    ...problems(404),
    ...commonProblems,
  },
})

export const deploymentRoutes = (deps: AppDeps, { accepted }: Pick<Metrics, 'accepted'>) =>
  newRouter()
    .openapi(create, async (c) => {
      const { serviceId, environment: name, ref } = c.req.valid('json')
      requireReach(c.get('caller'), serviceId)
      const service = await findService(deps, serviceId)
      const environment = await findEnvironment(deps, { serviceId, environment: name })
      const wish: Wish = {
        service,
        environment,
        trigger: 'api',
        by: c.get('caller').name,
        ref: ref ?? environment.branch,
      }
      const deployment = await acceptDeployment({ ...deps, accepted }, wish, c.get('enqueueId'))
      return c.json(deployment, 202, locationOf(deployment))
    })
    .openapi(list, async (c) => {
      const { since, until, ...query } = c.req.valid('query')
      const { serviceId: bound } = c.get('caller')
      const serviceId = query.serviceId ?? bound ?? undefined
      if (serviceId !== undefined) requireReach(c.get('caller'), serviceId)
      const times = {
        ...(since === undefined ? {} : { since: new Date(since) }),
        ...(until === undefined ? {} : { until: new Date(until) }),
      }
      return c.json(
        await unlessBadCursor(deps.store.deployments.list({ ...query, ...times, serviceId })),
        200,
      )
    })
    .openapi(archiveMany, async (c) => {
      const { deploymentIds, archived } = c.req.valid('json')
      const { serviceId: bound } = c.get('caller')
      // To a token of one service the others do not exist.
      const reached = deploymentIds.filter(
        (id) => bound === null || parseDeploymentId(id)?.serviceId === bound,
      )
      const changed = await deps.store.deployments.archiveAll([...new Set(reached)], archived)
      return c.json({ changed, skipped: deploymentIds.filter((id) => !changed.includes(id)) }, 200)
    })
    .openapi(diff, async (c) => {
      const { deploymentId, other } = c.req.valid('param')
      return c.json(await diffDeployments(deps, deploymentId, other), 200)
    })
    .openapi(read, async (c) => c.json(await findDeployment(deps, c.req.valid('param').deploymentId), 200))
