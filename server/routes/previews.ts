import { createRoute } from '@hono/zod-openapi'
import {
  previewRuleSchema,
  previewSchema,
  putPreviewRuleSchema,
  type Preview,
  type PreviewRule,
} from '../../contract/preview.ts'
import type { z } from '@hono/zod-openapi'
import type { PreviewRow } from '../../ports/preview-store.ts'
import { needs } from '../authorise.ts'
import type { AppDeps } from '../deps.ts'
import { findService } from '../find.ts'
import {
  bodyOf,
  bodyProblems,
  commonProblems,
  environmentParams,
  jsonOf,
  listOf,
  newRouter,
  problems,
  serviceParams,
} from '../openapi.ts'
import type { Removals } from '../previews/removals.ts'
import { notFound, Refusal } from '../refusal.ts'
import { serviceUrl } from '../service-url.ts'
import { invalid } from '../validation.ts'

const tags = ['previews']
const rulePath = '/services/{serviceId}/preview-rule'
const ruleExample = {
  ...{ enabled: true, branches: [], targetBranches: ['main'], ttl: 604_800, allowForks: false },
  ...{ variablesFrom: 'staging', maxOpen: 10, domain: 'pr-{number}.shop.example.com' },
}
const example = {
  ...{ serviceId: 'shop', environment: 'pr-12', number: 12, title: 'Larger buttons' },
  ...{ url: 'https://git.example.com/acme/shop/pulls/12', branch: 'larger-buttons', targetBranch: 'main' },
  ...{ fromFork: false, state: 'open', closedReason: null, liveCommitSha: null },
  serviceUrl: 'http://shop-pr-12.localhost:8080/',
  expiresAt: '2026-02-07T12:00:00.000Z',
  createdAt: '2026-01-31T12:00:00.000Z',
}

const readRule = createRoute({
  method: 'get',
  path: rulePath,
  operationId: 'readPreviewRule',
  ...needs('viewer'),
  summary: 'Which pull requests get a preview',
  tags,
  request: { params: serviceParams },
  responses: {
    200: jsonOf(previewRuleSchema, 'The rule', ruleExample),
    ...problems(404),
    ...commonProblems,
  },
})

const putRule = createRoute({
  method: 'put',
  path: rulePath,
  operationId: 'putPreviewRule',
  ...needs('admin'),
  summary: 'Say which pull requests get a preview',
  description:
    'Replaces the rule. The webhook of the service has to tell of pull requests. What previews inherit changes at once, and is theirs with the next deployment.',
  tags,
  request: { params: serviceParams, body: bodyOf(putPreviewRuleSchema, ruleExample) },
  responses: {
    200: jsonOf(previewRuleSchema, 'As it is now', ruleExample),
    ...problems(404),
    ...bodyProblems,
    ...commonProblems,
  },
})

const deleteRule = createRoute({
  method: 'delete',
  path: rulePath,
  operationId: 'deletePreviewRule',
  ...needs('admin'),
  summary: 'Have no previews any more',
  description: 'Those that are open are removed.',
  tags,
  request: { params: serviceParams },
  responses: { 204: { description: 'Gone' }, ...problems(404), ...commonProblems },
})

const list = createRoute({
  method: 'get',
  path: '/services/{serviceId}/previews',
  operationId: 'listPreviews',
  ...needs('viewer'),
  summary: 'The previews of a service',
  tags,
  request: { params: serviceParams },
  responses: {
    200: jsonOf(listOf(previewSchema), 'All previews, by number', { data: [example] }),
    ...problems(404),
    ...commonProblems,
  },
})

const remove = createRoute({
  method: 'delete',
  path: '/services/{serviceId}/previews/{environment}',
  operationId: 'deletePreview',
  ...needs('deployer'),
  summary: 'Remove a preview, also while it is deployed',
  description: 'The next push to its pull request makes a new one.',
  tags,
  request: { params: environmentParams },
  responses: {
    202: jsonOf(previewSchema, 'It is being removed', { ...example, state: 'closing' }),
    ...problems(404),
    ...commonProblems,
  },
})

export function previewRoutes(deps: AppDeps, removals: Removals) {
  const { store, now } = deps

  const viewOf = async (row: PreviewRow): Promise<Preview> => {
    const environment = await store.environments.find(row.serviceId, row.environment)
    return previewView(deps, row, environment?.live?.commitSha ?? null, environment?.createdAt ?? now())
  }

  const close = (row: PreviewRow, reason: string) =>
    store.previews.close({
      ...{ serviceId: row.serviceId, environment: row.environment },
      ...{ receivedAt: 'now' as const, request: row, reason },
    })

  return newRouter()
    .openapi(readRule, async (c) => {
      const { serviceId } = await findService(deps, c.req.valid('param').serviceId)
      const rule = await store.previews.rule(serviceId)
      if (!rule) throw noRule(serviceId)
      return c.json(rule, 200)
    })
    .openapi(putRule, async (c) => {
      const { serviceId } = await findService(deps, c.req.valid('param').serviceId)
      const rule = await ruleOf(deps, serviceId, c.req.valid('json'))
      await store.previews.setRule(serviceId, rule)
      return c.json(rule, 200)
    })
    .openapi(deleteRule, async (c) => {
      const { serviceId } = await findService(deps, c.req.valid('param').serviceId)
      await store.previews.setRule(serviceId, null)
      for (const row of await store.previews.list(serviceId)) await close(row, 'Previews were turned off.')
      removals.wake()
      return c.body(null, 204)
    })
    .openapi(list, async (c) => {
      const { serviceId } = await findService(deps, c.req.valid('param').serviceId)
      return c.json({ data: await Promise.all((await store.previews.list(serviceId)).map(viewOf)) }, 200)
    })
    .openapi(remove, async (c) => {
      const { serviceId, environment } = c.req.valid('param')
      const row = await store.previews.find(serviceId, environment)
      if (!row) throw notFound('Preview', `${environment} of ${serviceId}`)
      await close(row, `Removed by ${c.get('caller').name}.`)
      removals.wake()
      return c.json(await viewOf((await store.previews.find(serviceId, environment)) ?? row), 202)
    })
}

const noRule = (serviceId: string) =>
  new Refusal(
    404,
    'PreviewRuleNotFound',
    `${serviceId} has no rule for previews: there are none. \`sluice previews set\` makes one.`,
  )

/** @throws Refusal ValidationFailed when there is no such environment, or it is a preview itself */
async function ruleOf(
  { store }: Pick<AppDeps, 'store'>,
  serviceId: string,
  { variablesFrom, ...wanted }: z.output<typeof putPreviewRuleSchema>,
): Promise<PreviewRule> {
  const environments = await store.environments.list(serviceId)
  const lasting = environments.filter(({ preview }) => preview === null)
  const isThere = (name: string) => lasting.some(({ environment }) => environment === name)
  if (variablesFrom === undefined) return { ...wanted, variablesFrom: isThere('staging') ? 'staging' : null }
  if (variablesFrom === null || isThere(variablesFrom)) return { ...wanted, variablesFrom }
  const message = `there is no environment ${variablesFrom} that lasts; null is for none`
  throw invalid([{ pointer: '/variablesFrom', message }])
}

function previewView(
  { settings }: Pick<AppDeps, 'settings'>,
  row: PreviewRow,
  liveCommitSha: string | null,
  createdAt: Date,
): Preview {
  const { serviceId, environment, number, title, url, branch, targetBranch, fromFork } = row
  return {
    ...{ serviceId, environment, number, title, url, branch, targetBranch, fromFork },
    state: row.closedAt ? 'closing' : 'open',
    closedReason: row.closedReason,
    serviceUrl: serviceUrl(settings, row),
    liveCommitSha,
    expiresAt: (row.expiresAt ?? createdAt).toISOString(),
    createdAt: createdAt.toISOString(),
  }
}
