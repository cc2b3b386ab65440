import { createRoute, z } from '@hono/zod-openapi'
import { auditEntrySchema, listAuditSchema } from '../../contract/audit.ts'
import type { AuditFilter } from '../../ports/audit-store.ts'
import { needs, requireReach } from '../authorise.ts'
import { unlessBadCursor } from '../cursor.ts'
import type { AppDeps } from '../deps.ts'
import { commonProblems, jsonOf, newRouter, problems } from '../openapi.ts'

const example = {
  at: '2026-01-31T12:00:00.000Z',
  actorId: 'tok_5f0c6d1f0a9d4b8e8f3f6c1d',
  actorName: 'ci of the shop',
  role: 'deployer' as const,
  address: '127.0.0.1',
  action: 'createDeployment',
  serviceId: 'shop',
  environment: 'production',
  target: 'shop.production.7',
  status: 202,
  code: null,
  requestId: '2f6c1f0e-2f0b-4a57-9a3c-6d1f3c8a5b11',
}

const list = createRoute({
  method: 'get',
  path: '/audit',
  operationId: 'listAudit',
  summary: 'Who changed what, when, from where, and whether it was done',
  description: 'Every call that changes something, done or refused; kept for 400 days. Newest first.',
  ...needs('admin', 'narrows'),
  tags: ['access'],
  request: { query: listAuditSchema },
  responses: {
    200: jsonOf(
      z.object({ data: z.array(auditEntrySchema), nextCursor: z.string().nullable() }),
      'A page; `nextCursor` is null on the last one',
      { data: [example], nextCursor: null },
    ),
    ...problems(404, 422),
    ...commonProblems,
  },
})

export const auditRoutes = ({ store }: Pick<AppDeps, 'store'>) =>
  newRouter().openapi(list, async (c) => {
    const { since, until, ...query } = c.req.valid('query')
    const caller = c.get('caller')
    const serviceId = query.serviceId ?? caller.serviceId ?? undefined
    if (serviceId !== undefined) requireReach(caller, serviceId)
    const filter: AuditFilter = {
      ...query,
      serviceId,
      since: since === undefined ? undefined : new Date(since),
      until: until === undefined ? undefined : new Date(until),
    }
    return c.json(await unlessBadCursor(store.audit.list(filter)), 200)
  })
