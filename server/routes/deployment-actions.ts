import { createRoute } from '@hono/zod-openapi'
import { cancelSchema, deploymentSchema, resolveSchema } from '../../contract/deployment.ts'
import type { Deployment } from '../../contract/deployment.ts'
import { parseReleaseNumber } from '../../contract/names.ts'
import { isFinal, takesRelease } from '../../contract/vocabulary.ts'
import { needs } from '../authorise.ts'
import { acceptDeployment, locationOf, type Wish } from '../accept-deployment.ts'
import type { AppDeps } from '../deps.ts'
import { deploymentExample as example } from '../deployment-example.ts'
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
import { resolveMigration } from '../resolve-migration.ts'

const tags = ['deployments']
const path = '/deployments/{deploymentId}'
const one = { params: deploymentParams, headers: idempotencyHeaders }

const cancel = createRoute({
  method: 'post',
  path: `${path}/cancel`,
  operationId: 'cancelDeployment',
  ...needs('deployer'),
  summary: 'Cancel before it is live',
  description:
    'A waiting deployment is dropped; a running one is stopped and undone. Once traffic was switched it is refused.',
  tags,
  request: { ...one, body: bodyOf(cancelSchema, { reason: 'wrong branch' }, false) },
  responses: { 202: acceptedDeployment, ...problems(404, 409), ...bodyProblems, ...commonProblems },
})

const retry = createRoute({
  method: 'post',
  path: `${path}/retry`,
  operationId: 'retryDeployment',
  ...needs('deployer'),
  summary: 'Deploy the same again',
  description:
    'A new deployment of the same commit from the start. Retrying a rollback is a rollback to the same release.',
  tags,
  request: one,
  responses: { 202: acceptedDeployment, ...problems(404, 409), ...bodyProblems, ...commonProblems },
})

const resolve = createRoute({
  method: 'post',
  path: `${path}/resolve`,
  operationId: 'resolveDeployment',
  ...needs('deployer'),
  summary: 'Say whether a migration of unknown outcome took effect',
  description:
    'For a deployment that failed with MigrationOutcomeUnknown; until then no other of its environment starts. After `migrated` a deployment of the same commit skips the migration hook, after `not-migrated` it runs again. The answer may be changed until a later deployment has acted on it.',
  tags,
  request: { ...one, body: bodyOf(resolveSchema, { migration: 'migrated' }) },
  responses: {
    200: jsonOf(deploymentSchema, 'Recorded', example),
    ...problems(404, 409),
    ...bodyProblems,
    ...commonProblems,
  },
})

const archive = createRoute({
  method: 'post',
  path: `${path}/archive`,
  operationId: 'archiveDeployment',
  ...needs('deployer'),
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
  ...needs('deployer'),
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

export function deploymentActionRoutes(deps: AppDeps, { accepted }: Pick<Metrics, 'accepted'>) {
  const { store, lanes } = deps

  return newRouter()
    .openapi(cancel, async (c) => {
      const deployment = await findDeployment(deps, c.req.valid('param').deploymentId)
      requireCancelable(deployment)
      const { id: deploymentId, serviceId, environment } = deployment
      // Else the wish would be on record, and nobody would ever carry it out.
      await lanes.ping()
      const request = { by: c.get('caller').name, reason: c.req.valid('json').reason ?? null }
      await store.deployments.cancelRequested(deploymentId, request)
      if (!(await lanes.cancel({ deploymentId, serviceId, environment, ...request }))) {
        await store.deployments.cancelRefused(deploymentId)
        throw tooLate()
      }
      const canceled = await findDeployment(deps, deploymentId)
      // It may have come to its own end meanwhile.
      if (canceled.status !== 'CANCELED') requireCancelable(canceled)
      return c.json(canceled, 202, locationOf(deployment))
    })
    .openapi(retry, async (c) => {
      const original = await findDeployment(deps, c.req.valid('param').deploymentId)
      if (!isFinal(original.status)) throw notEnded(original)
      const service = await findService(deps, original.serviceId)
      const environment = await findEnvironment(deps, original)
      const deployment = await acceptDeployment(
        { ...deps, accepted },
        { service, environment, by: c.get('caller').name, ...sameAgain(original) },
        c.get('enqueueId'),
      )
      return c.json(deployment, 202, locationOf(deployment))
    })
    .openapi(resolve, async (c) => {
      const { id } = await findDeployment(deps, c.req.valid('param').deploymentId)
      const { migration } = c.req.valid('json')
      await resolveMigration(deps, id, { answer: migration, by: c.get('caller').name })
      return c.json(await findDeployment(deps, id), 200)
    })
    .openapi(archive, async (c) =>
      c.json(await setArchived(deps, c.req.valid('param').deploymentId, true), 200),
    )
    .openapi(unarchive, async (c) =>
      c.json(await setArchived(deps, c.req.valid('param').deploymentId, false), 200),
    )
}

const tooLate = () =>
  new Refusal(
    409,
    'AlreadyLive',
    'Traffic was switched already, or is being switched. Roll back instead of canceling (`sluice rollback`).',
  )

function requireCancelable(deployment: Deployment): void {
  const switched = deployment.steps.some(({ name, status }) => name === 'switch' && status === 'SUCCEEDED')
  if (switched || deployment.live) {
    throw tooLate()
  }
  if (isFinal(deployment.status)) {
    throw new Refusal(409, 'AlreadyEnded', `The deployment has ended already: ${deployment.status}.`)
  }
}

function sameAgain(original: Deployment): Omit<Wish, 'service' | 'environment' | 'by'> {
  const same = { ref: original.ref, commitSha: original.commitSha ?? undefined, retryOf: original.id }
  const { trigger } = original
  if (trigger === 'rebuild') return { ...same, trigger, rollbackOf: original.rollbackOf ?? undefined }
  if (!takesRelease(trigger)) return { ...same, trigger: 'retry' }
  return {
    ...same,
    trigger,
    rollbackOf: original.rollbackOf ?? undefined,
    releaseNumber: parseReleaseNumber(original.releaseId ?? ''),
  }
}

async function setArchived(
  { store }: Pick<AppDeps, 'store'>,
  id: string,
  archived: boolean,
): Promise<Deployment> {
  const deployment = await store.deployments.archive(id, archived)
  if (deployment) return deployment
  throw notEnded(await findDeployment({ store }, id))
}

const notEnded = ({ id, status }: Deployment) =>
  new Refusal(409, 'NotEnded', `${id} has not ended: ${status}. Wait for it, or cancel it first.`)
