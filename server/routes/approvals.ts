import { createRoute } from '@hono/zod-openapi'
import { rejectSchema } from '../../contract/deployment.ts'
import type { Deployment } from '../../contract/deployment.ts'
import { locationOf } from '../accept-deployment.ts'
import { needs } from '../authorise.ts'
import type { AppDeps } from '../deps.ts'
import { findDeployment } from '../find.ts'
import {
  acceptedDeployment,
  bodyOf,
  bodyProblems,
  commonProblems,
  deploymentParams,
  idempotencyHeaders,
  newRouter,
  problems,
} from '../openapi.ts'
import { Refusal } from '../refusal.ts'

const tags = ['deployments']
const path = '/deployments/{deploymentId}'
const one = { params: deploymentParams, headers: idempotencyHeaders }
const responses = { 202: acceptedDeployment, ...problems(404, 409), ...bodyProblems, ...commonProblems }

const approve = createRoute({
  method: 'post',
  path: `${path}/approve`,
  operationId: 'approveDeployment',
  ...needs('admin'),
  summary: 'Let a deployment that waits for approval go on',
  tags,
  request: one,
  responses,
})

const reject = createRoute({
  method: 'post',
  path: `${path}/reject`,
  operationId: 'rejectDeployment',
  ...needs('admin'),
  summary: 'End a deployment that waits for approval',
  description: 'What it has done is undone; it fails with ApprovalRejected.',
  tags,
  request: { ...one, body: bodyOf(rejectSchema, { reason: 'not before the holidays' }, false) },
  responses,
})

export function approvalRoutes(deps: AppDeps) {
  const answer = async (deploymentId: string, approved: boolean, reason: string | null, by: string) => {
    const deployment = await findDeployment(deps, deploymentId)
    requireWaiting(deployment)
    await deps.lanes.answerApproval({ deploymentId, approved, by, reason })
    return findDeployment(deps, deploymentId)
  }
  return newRouter()
    .openapi(approve, async (c) => {
      const deployment = await answer(c.req.valid('param').deploymentId, true, null, c.get('caller').name)
      return c.json(deployment, 202, locationOf(deployment))
    })
    .openapi(reject, async (c) => {
      const reason = c.req.valid('json').reason ?? null
      const deployment = await answer(c.req.valid('param').deploymentId, false, reason, c.get('caller').name)
      return c.json(deployment, 202, locationOf(deployment))
    })
}

function requireWaiting({ id, status }: Deployment): void {
  if (status === 'WAITING_APPROVAL') return
  throw new Refusal(409, 'NotWaiting', `${id} does not wait for approval: it is ${status}.`)
}
