import { createRoute, z } from '@hono/zod-openapi'
import { cancelSchema, deploymentSchema, listDeploymentsSchema, newDeploymentSchema } from '../../contract/deployment.ts'
import type { Deployment } from '../../contract/deployment.ts'
import { parseReleaseNumber } from '../../contract/names.ts'
import { isFinal } from '../../contract/vocabulary.ts'
import { BadCursor } from '../../ports/store.ts'
import { acceptDeployment, type Wish } from '../accept-deployment.ts'
import type { AppDeps } from '../deps.ts'
import { deploymentExample } from '../deployment-example.ts'
import { findDeployment, findEnvironment, findService } from '../find.ts'
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
import { Refusal } from '../refusal.ts'
import { invalid } from '../validation.ts'

const tags = ['deployments']
const path = '/deployments/{deploymentId}'
const example = deploymentExample
const one = { params: deploymentParams, headers: idempotencyHeaders }

const create = createRoute({
  method: 'post',
  path: '/deployments',
  operationId: 'createDeployment',
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
  summary: 'Deployments, newest first',
  tags,
  request: { query: listDeploymentsSchema },
  responses: {
    200: jsonOf(
      z.object({ data: z.array(deploymentSchema), nextCursor: z.string().nullable() }),
      'A page; `nextCursor` is null on the last one',
      { data: [example], nextCursor: null },
    ),
    ...problems(422),
    ...commonProblems,
  },
})

const read = createRoute({
  method: 'get',
  path,
  operationId: 'readDeployment',
  summary: 'One deployment with its steps',
  tags,
  request: { params: deploymentParams },
  responses: { 200: jsonOf(deploymentSchema, 'The deployment', example), ...problems(404), ...commonProblems },
})

const cancel = createRoute({
  method: 'post',
  path: `${path}/cancel`,
  operationId: 'cancelDeployment',
  summary: 'Cancel before it is live',
  description: 'A waiting deployment is dropped; a running one is stopped and undone. Once traffic was switched it is refused.',
  tags,
  request: { ...one, body: bodyOf(cancelSchema, { reason: 'wrong branch' }, false) },
  responses: { 202: acceptedDeployment, ...problems(404, 409), ...bodyProblems, ...commonProblems },
})

const retry = createRoute({
  method: 'post',
  path: `${path}/retry`,
  operationId: 'retryDeployment',
  summary: 'Deploy the same again',
  description: 'A new deployment of the same commit from the start. Retrying a rollback is a rollback to the same release.',
  tags,
  request: one,
  responses: { 202: acceptedDeployment, ...problems(404, 409), ...bodyProblems, ...commonProblems },
})

const archive = createRoute({
  method: 'post',
  path: `${path}/archive`,
  operationId: 'archiveDeployment',
  summary: 'Hide from lists',
  tags,
  request: one,
  responses: {
    200: jsonOf(deploymentSchema, 'Archived', example),
    ...problems(404, 409),
    ...bodyProblems,
    ...commonProblems,
  },
})

const unarchive = createRoute({
  method: 'post',
  path: `${path}/unarchive`,
  operationId: 'unarchiveDeployment',
  summary: 'Show in lists again',
  tags,
  request: one,
  responses: {
    200: jsonOf(deploymentSchema, 'No longer archived', example),
    ...problems(404, 409),
    ...bodyProblems,
    ...commonProblems,
  },
})

export function deploymentRoutes(deps: AppDeps, metrics: Pick<Metrics, 'accepted'>) {
  const { store, lanes } = deps

  const accept = async (wish: Wish, enqueueId: string) => {
    const deployment = await acceptDeployment(deps, wish, enqueueId)
    metrics.accepted.inc({ trigger: wish.trigger })
    return deployment
  }

  return newRouter()
    .openapi(create, async (c) => {
      const { serviceId, environment: name, ref } = c.req.valid('json')
      const service = await findService(deps, serviceId)
      const environment = await findEnvironment(deps, { serviceId, environment: name })
      const wish: Wish = { service, environment, trigger: 'api', ref: ref ?? environment.branch }
      const deployment = await accept(wish, c.get('enqueueId'))
      return c.json(deployment, 202, locationOf(deployment))
    })
    .openapi(list, async (c) => c.json(await listPage(deps, c.req.valid('query')), 200))
    .openapi(read, async (c) => c.json(await findDeployment(deps, c.req.valid('param').deploymentId), 200))
    .openapi(cancel, async (c) => {
      const deployment = await findDeployment(deps, c.req.valid('param').deploymentId)
      requireCancelable(deployment)
      const { id: deploymentId, serviceId, environment } = deployment
      const request = { by: 'api', reason: c.req.valid('json').reason ?? null }
      await store.deployments.cancelRequested(deploymentId, request)
      await lanes.cancel({ deploymentId, serviceId, environment, ...request })
      return c.json(await findDeployment(deps, deploymentId), 202, locationOf(deployment))
    })
    .openapi(retry, async (c) => {
      const original = await findDeployment(deps, c.req.valid('param').deploymentId)
      if (!isFinal(original.status)) throw notEnded(original)
      const service = await findService(deps, original.serviceId)
      const environment = await findEnvironment(deps, original)
      const deployment = await accept({ service, environment, ...sameAgain(original) }, c.get('enqueueId'))
      return c.json(deployment, 202, locationOf(deployment))
    })
    .openapi(archive, async (c) => c.json(await setArchived(deps, c.req.valid('param').deploymentId, true), 200))
    .openapi(unarchive, async (c) => c.json(await setArchived(deps, c.req.valid('param').deploymentId, false), 200))
}

const locationOf = ({ id }: Deployment) => ({ Location: `/v1/deployments/${id}` })

async function listPage({ store }: Pick<AppDeps, 'store'>, filter: z.output<typeof listDeploymentsSchema>) {
  try {
    return await store.deployments.list(filter)
  } catch (error) {
    if (!(error instanceof BadCursor)) throw error
    throw invalid([{ pointer: '/query/cursor', message: 'is not a cursor of this list' }])
  }
}

function requireCancelable(deployment: Deployment): void {
  const switched = deployment.steps.some(({ name, status }) => name === 'switch' && status === 'SUCCEEDED')
  if (switched || deployment.live) {
    throw new Refusal(409, 'AlreadyLive', 'Traffic was switched already. Roll back instead of canceling.')
  }
  if (isFinal(deployment.status)) {
    throw new Refusal(409, 'AlreadyEnded', `The deployment has ended already: ${deployment.status}.`)
  }
}

function sameAgain(original: Deployment): Omit<Wish, 'service' | 'environment'> {
  const same = { ref: original.ref, commitSha: original.commitSha ?? undefined, retryOf: original.id }
  if (original.trigger !== 'rollback') return { ...same, trigger: 'retry' }
  return {
    ...same,
    trigger: 'rollback',
    rollbackOf: original.rollbackOf ?? undefined,
    releaseNumber: parseReleaseNumber(original.releaseId ?? ''),
  }
}

async function setArchived({ store }: Pick<AppDeps, 'store'>, id: string, archived: boolean): Promise<Deployment> {
  const deployment = await store.deployments.archive(id, archived)
  if (deployment) return deployment
  throw notEnded(await findDeployment({ store }, id))
}

const notEnded = ({ id, status }: Deployment) =>
  new Refusal(409, 'NotEnded', `${id} has not ended: ${status}. Wait for it, or cancel it first.`)
