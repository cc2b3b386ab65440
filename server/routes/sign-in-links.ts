import { createRoute } from '@hono/zod-openapi'
import { signInLinkSchema } from '../../contract/sign-in-link.ts'
import { bearerTokenOf } from '../auth.ts'
import { needs } from '../authorise.ts'
import type { AppDeps } from '../deps.ts'
import { commonProblems, idempotencyHeaders, jsonOf, newRouter, problems } from '../openapi.ts'
import { makeSignInLink } from '../sign-in-links.ts'

const create = createRoute({
  method: 'post',
  path: '/sign-in-links',
  operationId: 'createSignInLink',
  summary: 'Make a link that signs a browser in',
  description:
    'As whoever asks, with no more than the token of the request may do. It works once, within a minute.',
  ...needs('viewer', 'narrows'),
  tags: ['access'],
  request: { headers: idempotencyHeaders },
  responses: {
    201: jsonOf(signInLinkSchema, 'Made', {
      url: 'http://127.0.0.1:7700/sign-in#sli_…',
      expiresAt: '2026-01-31T12:01:00.000Z',
    }),
    ...problems(409, 422),
    ...commonProblems,
  },
})

export function signInLinkRoutes(deps: Pick<AppDeps, 'store' | 'secrets' | 'now' | 'settings'>) {
  return newRouter().openapi(create, async (c) => {
    // Whoever comes as far as this has shown one.
    const token = bearerTokenOf(c)!
    return c.json(await makeSignInLink(deps, token, deps.settings.url), 201)
  })
}
