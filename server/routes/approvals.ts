import { createRoute } from '@hono/zod-openapi'
import { rejectSchema } from '../../contract/deployment.ts'
import type { Deployment } from '../../contract/deployment.ts'
import type { ApprovalAnswer } from '../../contract/workflows.ts'
import type { RecordedApproval } from '../../ports/store.ts'
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
  description: 'The first answer counts: one that was rejected before is refused with AlreadyAnswered.',
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
  description:
    'What it has done is undone; it fails with ApprovalRejected. The first answer counts: one that was approved before is refused with AlreadyAnswered.',
  tags,
  request: { ...one, body: bodyOf(rejectSchema, { reason: 'not before the holidays' }, false) },
  responses,
})

export function approvalRoutes(deps: AppDeps) {
  const answer = async (deploymentId: string, given: ApprovalAnswer) => {
    const recorded = await deps.store.deployments.answerApproval(deploymentId, given)
    if (!recorded) throw notWaiting(await findDeployment(deps, deploymentId))
    const { approved, by, reason } = recorded
    if (approved !== given.approved) throw alreadyAnswered(deploymentId, recorded)
    // Also when it is a repeat: whoever recorded the answer may have died before it was passed on.
    await deps.lanes.answerApproval({ deploymentId, approved, by, reason })
    return findDeployment(deps, deploymentId)
  }
  return newRouter()
    .openapi(approve, async (c) => {
      const given = { approved: true, by: c.get('caller').name, reason: null }
      const deployment = await answer(c.req.valid('param').deploymentId, given)
      return c.json(deployment, 202, locationOf(deployment))
    })
    .openapi(reject, async (c) => {
      const { reason = null } = c.req.valid('json')
      const given = { approved: false, by: c.get('caller').name, reason }
      const deployment = await answer(c.req.valid('param').deploymentId, given)
      return c.json(deployment, 202, locationOf(deployment))
    })
}

const notWaiting = ({ id, status }: Deployment) =>
  new Refusal(409, 'NotWaiting', `${id} does not wait for approval: it is ${status}.`)

function alreadyAnswered(id: string, { approved, by, at }: RecordedApproval): Refusal {
  const [done, next] = approved
    ? ['approved', `\`sluice cancel ${id}\` ends it, as long as its switch has not begun.`]
    : ['rejected', `\`sluice retry ${id}\` starts it anew once it has ended.`]
  return new Refusal(409, 'AlreadyAnswered', `${id} was ${done} by ${by} at ${at}. ${next}`)
}
