import { Hono } from 'hono'
import type { PutPreviewRule } from '../contract/preview.ts'
import type { AppEnv } from '../server/deps.ts'
import { pathOf } from './api.ts'
import { formOf, type Form } from './form.ts'
import type { Desk } from './index.ts'

const service = '/services/:service'
const day = 86_400

/** The forms of previews and of their rule. */
export function previewActionRoutes(desk: Desk): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .post(`${service}/previews/remove`, async (c) => {
      const form = await formOf(c)
      const path = pathOf('services', c.req.param('service'))
      await desk.api(c).send('DELETE', `${path}/previews${pathOf(form.get('environment') ?? '')}`)
      return c.redirect(`${path}#previews`, 303)
    })
    .post(`${service}/settings/preview-rule`, async (c) => {
      const form = await formOf(c)
      const path = pathOf('services', c.req.param('service'))
      await desk.api(c).send('PUT', `${path}/preview-rule`, ruleOf(form))
      return c.redirect(`${path}/settings#preview-rule`, 303)
    })
    .post(`${service}/settings/preview-rule/remove`, async (c) => {
      const path = pathOf('services', c.req.param('service'))
      await desk.api(c).send('DELETE', `${path}/preview-rule`)
      return c.redirect(`${path}/settings#preview-rule`, 303)
    })
}

function ruleOf(form: Form): PutPreviewRule {
  const patterns = (name: string) => (form.text(name) ?? '').split(/[\s,]+/).filter(Boolean)
  return {
    enabled: form.get('enabled') === 'true',
    allowForks: form.get('allowForks') === 'true',
    ...{ branches: patterns('branches'), targetBranches: patterns('targetBranches') },
    ttl: Number(form.text('days') ?? 0) * day,
    maxOpen: Number(form.text('maxOpen') ?? 0),
    variablesFrom: form.text('variablesFrom') ?? null,
    domain: form.text('domain') ?? null,
  }
}
