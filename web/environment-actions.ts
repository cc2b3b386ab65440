import { sourceUrlOf } from './source-url.ts'
import { Hono, type Context } from 'hono'
import type { Deployment } from '../contract/deployment.ts'
import type { Service } from '../contract/service.ts'
import type { Caller } from '../contract/token.ts'
import type { AppEnv } from '../server/deps.ts'
import { ApiProblem, pathOf } from './api.ts'
import { formOf } from './form.ts'
import type { Desk } from './index.ts'
import { variablesIn } from './variable-lines.ts'

const environment = '/services/:service/environments/:environment'
const pathIn = (c: Context<AppEnv>) =>
  pathOf('services', c.req.param('service')!, 'environments', c.req.param('environment')!)

/** The buttons and forms of an environment. */
export function environmentActionRoutes(desk: Desk): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .post(`${environment}/rollback`, async (c) => {
      const form = await formOf(c)
      const [releaseId, deploymentId] = [form.text('releaseId'), form.text('deploymentId')]
      const body = releaseId ? { releaseId } : deploymentId ? { deploymentId } : {}
      const { id } = await desk
        .api(c)
        .send<Deployment>('POST', `${pathIn(c)}/rollback`, body, form.get('key'))
      return c.redirect(pathOf('deployments', id), 303)
    })
    .post(`${environment}/restart`, async (c) => {
      const form = await formOf(c)
      const { id } = await desk
        .api(c)
        .send<Deployment>('POST', `${pathIn(c)}/restart`, undefined, form.get('key'))
      return c.redirect(pathOf('deployments', id), 303)
    })
    .post(`${environment}/deploy`, async (c) => {
      const form = await formOf(c)
      const ref = form.get('ref')?.trim()
      const { service: serviceId, environment: name } = c.req.param()
      const wish = { serviceId, environment: name, ...(ref ? { ref } : {}) }
      const { id } = await desk.api(c).send<Deployment>('POST', '/deployments', wish, form.get('key'))
      return c.redirect(pathOf('deployments', id), 303)
    })
    .post(`${environment}/variables`, async (c) => {
      const form = await formOf(c)
      const secret = form.get('plain') !== 'true'
      for (const [name, value] of variablesIn(form.get('lines') ?? ''))
        await desk.api(c).send('PUT', `${pathIn(c)}/variables${pathOf(name)}`, { value, secret })
      return c.redirect(`${pathIn(c)}#variables`, 303)
    })
    .post(`${environment}/variables/remove`, async (c) => {
      const form = await formOf(c)
      await desk.api(c).send('DELETE', `${pathIn(c)}/variables${pathOf(form.get('name') ?? '')}`)
      return c.redirect(`${pathIn(c)}#variables`, 303)
    })
    .post(`${environment}/settings`, async (c) => {
      const form = await formOf(c)
      const domains = (form.get('domains') ?? '').split(/\s+/).filter(Boolean)
      await desk.api(c).send('PUT', pathIn(c), { branch: form.get('branch')?.trim() ?? '', domains })
      return c.redirect(`${pathIn(c)}#settings`, 303)
    })
    .post('/new', (c) => createService(desk, c))
}

/** A service with its first environment; on to what a deploy would do. */
async function createService(desk: Desk, c: Context<AppEnv>): Promise<Response> {
  const form = await formOf(c)
  const field = (name: string) => form.get(name)?.trim() ?? ''
  const given = {
    serviceId: field('serviceId'),
    url: field('url'),
    environment: field('environment'),
    branch: field('branch'),
  }
  const api = desk.api(c)
  const path = pathOf('services', given.serviceId, 'environments', given.environment)
  try {
    // Its environment may have been refused a moment ago.
    const earlier = await api.find<Service>(pathOf('services', given.serviceId))
    if (!earlier || sourceUrlOf(earlier) !== given.url || earlier.environments.length > 0) {
      const source = { kind: 'git', url: given.url }
      await api.send('POST', '/services', { serviceId: given.serviceId, source }, form.get('key'))
    }
    await api.send('PUT', path, { branch: given.branch })
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.problem.status === 401) throw error
    const { problem } = error
    const bundle = await desk.bundle
    const frame = { ...desk.frame(c, bundle), caller: await api.get<Caller>('/whoami') }
    // A password in the url is not sent back.
    const shown = { ...given, url: given.url.replace(/\/\/[^/@]*@/, '//') }
    return c.html(bundle.pages.newServicePage({ frame, problem, given: shown }), problem.status as 422)
  }
  return c.redirect(`${path}/check`, 303)
}
