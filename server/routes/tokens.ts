import { randomBytes } from 'node:crypto'
import { createRoute, z } from '@hono/zod-openapi'
import {
  callerSchema,
  madeTokenSchema,
  newTokenSchema,
  tokenIdSchema,
  tokenSchema,
  type Token,
} from '../../contract/token.ts'
import type { TokenRow } from '../../ports/token-store.ts'
import { needs, requireReach } from '../authorise.ts'
import { hashOfToken } from '../callers.ts'
import type { AppDeps } from '../deps.ts'
import {
  bodyOf,
  bodyProblems,
  commonProblems,
  idempotencyHeaders,
  jsonOf,
  listOf,
  locationHeader,
  newRouter,
  problems,
} from '../openapi.ts'
import { notFound, Refusal } from '../refusal.ts'

const tags = ['access']
const day = 24 * 60 * 60 * 1000
const example = {
  id: 'tok_5f0c6d1f0a9d4b8e8f3f6c1d',
  name: 'ci of the shop',
  role: 'deployer' as const,
  serviceId: 'shop',
  createdBy: 'api',
  createdAt: '2026-01-31T12:00:00.000Z',
  expiresAt: '2027-01-31T12:00:00.000Z',
  lastUsedAt: null,
}
const { name, role } = example
const caller = { id: example.id, name, role, serviceId: 'shop' }

const create = createRoute({
  method: 'post',
  path: '/tokens',
  operationId: 'createToken',
  summary: 'Make a token',
  description: 'A token of one service can make tokens of that service only.',
  ...needs('admin', 'narrows'),
  tags,
  request: { headers: idempotencyHeaders, body: bodyOf(newTokenSchema, { name, role }) },
  responses: {
    201: {
      ...jsonOf(madeTokenSchema, 'Made; the token itself is shown this once', { ...example, token: 'slc_…' }),
      headers: locationHeader,
    },
    ...problems(404, 409),
    ...bodyProblems,
    ...commonProblems,
  },
})

const list = createRoute({
  method: 'get',
  path: '/tokens',
  operationId: 'listTokens',
  summary: 'The tokens, without what they are',
  description:
    'The one of the installation is not among them. A token of one service sees those of its service.',
  ...needs('admin', 'narrows'),
  tags,
  responses: {
    200: jsonOf(listOf(tokenSchema), 'All tokens, newest first', { data: [example] }),
    ...commonProblems,
  },
})

const revoke = createRoute({
  method: 'delete',
  path: '/tokens/{tokenId}',
  operationId: 'revokeToken',
  summary: 'Make a token worthless, at once',
  ...needs('admin', 'narrows'),
  tags,
  request: { params: z.object({ tokenId: tokenIdSchema }) },
  responses: { 204: { description: 'Gone' }, ...problems(404), ...commonProblems },
})

const whoAmI = createRoute({
  method: 'get',
  path: '/whoami',
  operationId: 'whoAmI',
  summary: 'Whose token this is, and what it may do',
  ...needs('viewer', 'narrows'),
  tags,
  responses: { 200: jsonOf(callerSchema, 'The owner of the token', caller), ...commonProblems },
})

export function tokenRoutes({ store, now }: Pick<AppDeps, 'store' | 'now'>) {
  return newRouter()
    .openapi(create, async (c) => {
      const wanted = c.req.valid('json')
      const owner = c.get('caller')
      const serviceId = wanted.serviceId ?? null
      if (serviceId !== null) requireReach(owner, serviceId)
      if (serviceId === null && owner.serviceId !== null) throw wider(owner.serviceId)
      const token = `slc_${randomBytes(32).toString('base64url')}`
      const row = await store.tokens.create({
        id: `tok_${randomBytes(12).toString('hex')}`,
        name: wanted.name,
        role: wanted.role,
        serviceId,
        hash: hashOfToken(token),
        createdBy: owner.name,
        expiresAt:
          wanted.expiresInDays === null ? null : new Date(now().getTime() + wanted.expiresInDays * day),
      })
      if (!row) throw notFound('Service', serviceId ?? '')
      return c.json({ ...tokenView(row), token }, 201, { Location: `/v1/tokens/${row.id}` })
    })
    .openapi(list, async (c) => {
      const rows = await store.tokens.list(c.get('caller').serviceId ?? undefined)
      return c.json({ data: rows.map(tokenView) }, 200)
    })
    .openapi(revoke, async (c) => {
      const { tokenId } = c.req.valid('param')
      const { serviceId: bound } = c.get('caller')
      const row = await store.tokens.find(tokenId)
      if (!row || (bound !== null && row.serviceId !== bound)) throw notFound('Token', tokenId)
      await store.tokens.remove(tokenId)
      return c.body(null, 204)
    })
    .openapi(whoAmI, (c) => c.json(c.get('caller'), 200))
}

const tokenView = ({ createdAt, expiresAt, lastUsedAt, ...row }: TokenRow): Token => ({
  ...row,
  createdAt: createdAt.toISOString(),
  expiresAt: expiresAt?.toISOString() ?? null,
  lastUsedAt: lastUsedAt?.toISOString() ?? null,
})

const wider = (serviceId: string) =>
  new Refusal(
    403,
    'Forbidden',
    `A token of the service ${serviceId} makes tokens of that service only: name it as serviceId.`,
  )
