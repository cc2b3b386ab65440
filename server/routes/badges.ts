import { createRoute, z } from '@hono/zod-openapi'
import { badgeSchema } from '../../contract/badge.ts'
import { needs } from '../authorise.ts'
import { badgeKey, environmentOfKey } from '../badge-key.ts'
import { badgePicture, badgeWords } from '../badge-picture.ts'
import type { AppDeps } from '../deps.ts'
import { findEnvironment } from '../find.ts'
import { commonProblems, environmentParams, jsonOf, newRouter, problems } from '../openapi.ts'
import { notFound } from '../refusal.ts'
import { serviceUrl } from '../service-url.ts'

const url = 'https://deploy.example.com/badge/djE6….svg'
const markdown = `[![shop](${url})](https://shop.example.com/)`

const read = createRoute({
  method: 'get',
  path: '/services/{serviceId}/environments/{environment}/badge',
  operationId: 'readBadge',
  ...needs('viewer'),
  summary: 'Where the badge of an environment is',
  description:
    'Each answer has another address; all of them are good until the environment is deleted. Whoever has one sees the badge and nothing else.',
  tags: ['environments'],
  request: { params: environmentParams },
  responses: {
    200: jsonOf(badgeSchema, 'The badge', { url, markdown }),
    ...problems(404),
    ...commonProblems,
  },
})

const picture = createRoute({
  method: 'get',
  path: '/badge/{badge}',
  operationId: 'showBadge',
  summary: 'A picture that says what is live',
  description: 'Needs no token, since a README cannot send one: its address cannot be guessed.',
  security: [],
  tags: ['environments'],
  request: { params: z.object({ badge: z.string().max(1000) }) },
  responses: {
    200: { description: 'The picture', content: { 'image/svg+xml': { schema: z.string() } } },
    ...problems(403, 404, 421, 500, 503),
  },
})

/** Deployments that are looked at for one that says how things stand. */
const looked = 20

export const badgeRoutes = (deps: AppDeps) =>
  newRouter().openapi(read, async (c) => {
    const row = await findEnvironment(deps, c.req.valid('param'))
    const { href } = new URL(`/badge/${badgeKey(deps.secrets, row)}.svg`, deps.settings.url)
    const name = row.environment === 'production' ? row.serviceId : `${row.serviceId} ${row.environment}`
    return c.json({ url: href, markdown: `[![${name}](${href})](${serviceUrl(deps.settings, row)})` }, 200)
  })

export const badgePictureRoutes = ({ store, secrets }: Pick<AppDeps, 'store' | 'secrets'>) =>
  newRouter().openapi(picture, async (c) => {
    const { badge } = c.req.valid('param')
    const named = badge.endsWith('.svg') ? environmentOfKey(secrets, badge.slice(0, -4)) : undefined
    const row = named && (await store.environments.find(named.serviceId, named.environment))
    if (!row || !named.isOf(row)) throw notFound('Badge', badge.slice(0, 20))
    const { serviceId, environment } = row
    const { data } = await store.deployments.list({
      ...{ serviceId, environment, includeArchived: true, limit: looked },
    })
    return c.body(await badgePicture(badgeWords(row, data)), 200, {
      'Content-Type': 'image/svg+xml; charset=utf-8',
      // Those who pass it on keep it no longer.
      'Cache-Control': 'public, max-age=60',
    })
  })
