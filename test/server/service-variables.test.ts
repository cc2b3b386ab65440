import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { releaseContext } from '../../activities/release-context.ts'
import { wholeService } from '../../contract/names.ts'
import type { Environment, Variable } from '../../contract/service.ts'
import { snapshotOf } from '../../ports/opened-variables.ts'
import { addShop, deploy, startApi, succeed, type Api } from './api.ts'

let api: Api
beforeAll(async () => {
  api = await startApi()
}, 60_000)
afterAll(() => api.stop())

let shop: string
let count = 0
/** production and staging, both of branch main. */
async function openShop(): Promise<void> {
  shop = `shared${++count}`
  await addShop(api, shop)
  await api.call('PUT', `/v1/services/${shop}/environments/staging`, { branch: 'main' })
}

const service = () => `/v1/services/${shop}`
const environment = (name: string) => `${service()}/environments/${name}`
const set = (path: string, values: object, secret?: boolean) =>
  api.call<{ data: Variable[] }>('PATCH', `${path}/variables`, {
    set: values,
    ...(secret === undefined ? {} : { secret }),
  })
const shown = async (path: string) =>
  (await api.call<{ data: Variable[] }>('GET', `${path}/variables`)).body.data.map(
    ({ name, value, inheritedFrom }) => [name, value, inheritedFrom],
  )

/** Brings a release live that runs with the variables of now. */
async function goLive(name: string) {
  const deployment = await deploy(api, shop, name)
  const { number, id } = deployment
  const variables = await api.store.variables.effective(shop, name)
  await succeed(api, deployment)
  await api.store.releases.runsWith(id, snapshotOf(variables))
  return { serviceId: shop, environment: name, releaseNumber: number, deploymentId: id }
}

const pending = async (name: string) =>
  (await api.call<Environment>('GET', environment(name))).body.pendingChanges

describe('variables of a service', () => {
  beforeEach(openShop)

  it('are inherited by its environments, which may have their own instead', async () => {
    await set(service(), { LOG_LEVEL: 'info', REGION: 'eu' }, false)
    await set(service(), { API_KEY: 'of all' })
    await set(environment('staging'), { LOG_LEVEL: 'debug' }, false)
    expect(await shown(service())).toEqual([
      ['API_KEY', null, null],
      ['LOG_LEVEL', 'info', null],
      ['REGION', 'eu', null],
    ])
    expect(await shown(environment('production'))).toEqual([
      ['API_KEY', null, shop],
      ['LOG_LEVEL', 'info', shop],
      ['REGION', 'eu', shop],
    ])
    expect(await shown(environment('staging'))).toEqual([
      ['API_KEY', null, shop],
      ['LOG_LEVEL', 'debug', null],
      ['REGION', 'eu', shop],
    ])
    const view = await api.call<Environment>('GET', environment('staging'))
    expect(view.body.variables.map(({ name, inheritedFrom }) => [name, inheritedFrom])).toEqual([
      ['API_KEY', shop],
      ['LOG_LEVEL', null],
      ['REGION', shop],
    ])
    expect((await api.call('DELETE', `${environment('staging')}/variables/LOG_LEVEL`)).status).toBe(204)
    expect(await shown(environment('staging'))).toContainEqual(['LOG_LEVEL', 'info', shop])
    // It is not the environment's to remove.
    await api.refused(404, 'VariableNotFound', 'DELETE', `${environment('staging')}/variables/LOG_LEVEL`)
  })

  it('are seen by no other service', async () => {
    await set(service(), { ONLY_HERE: 'x' }, false)
    await addShop(api, `${shop}b`)
    expect(await shown(`/v1/services/${shop}b/environments/production`)).toEqual([])
    expect(await shown(`/v1/services/${shop}b`)).toEqual([])
  })

  it('leave every environment pending that inherits them, and none that does not', async () => {
    await set(service(), { A: '1', B: '1' })
    await set(environment('staging'), { A: 'own' })
    await Promise.all([goLive('production'), goLive('staging')])
    expect([await pending('production'), await pending('staging')]).toEqual([[], []])
    await set(service(), { A: '2' })
    expect([await pending('production'), await pending('staging')]).toEqual([
      [{ name: 'A', change: 'changed' }],
      [],
    ])
    await api.call('PATCH', `${service()}/variables`, { remove: ['B'] })
    expect(await pending('staging')).toEqual([{ name: 'B', change: 'removed' }])
    // Of its own, but the same value: nothing runs with anything else.
    await set(environment('staging'), { B: '1' })
    expect(await pending('staging')).toEqual([])
  })

  it('stay with a release as they were', async () => {
    await set(service(), { SHARED: 'then', OVER: 'service' })
    await set(environment('production'), { OVER: 'production' }, false)
    const release = await goLive('production')
    await api.call('PATCH', `${service()}/variables`, { set: { OVER: 'x' }, remove: ['SHARED'] })
    const { variables, secretValues } = await releaseContext(api.deps, release)
    expect(variables).toEqual({ SHARED: 'then', OVER: 'production' })
    expect(secretValues).toEqual(['then'])
  })

  it('have versions and times, and never a value, in their history and in the audit log', async () => {
    await set(service(), { A: 'very secret' })
    await set(service(), { A: 'more secret' })
    await api.call('PUT', `${service()}/variables/B`, { value: 'x', secret: false })
    await api.call('DELETE', `${service()}/variables/A`)
    const { body, text } = await api.call<{ data: { name: string; change: string; version: number }[] }>(
      'GET',
      `${service()}/variable-changes?limit=3`,
    )
    expect(body.data.map(({ name, change, version }) => [name, change, version])).toEqual([
      ['A', 'removed', 3],
      ['B', 'set', 1],
      ['A', 'set', 2],
    ])
    expect(body).toMatchObject({ nextCursor: expect.any(String) as string })
    expect((await api.call('GET', `${environment('staging')}/variable-changes`)).body).toMatchObject({
      data: [],
    })
    const audit = await api.call<{ data: { action: string; serviceId: string; target: string }[] }>(
      'GET',
      `/v1/audit?limit=20`,
    )
    expect(audit.body.data).toContainEqual(
      expect.objectContaining({ action: 'putServiceVariable', serviceId: shop, target: 'B' }),
    )
    expect(text + audit.text + api.logged.join('\n')).not.toMatch(/(very|more) secret/)
  })

  it('outlive an environment, whose own ones go with it, and go with the service', async () => {
    await set(service(), { SHARED: 'x' }, false)
    await set(environment('staging'), { OWN: 'y' }, false)
    expect((await api.call('DELETE', environment('staging'))).status).toBe(204)
    await api.call('PUT', environment('staging'), { branch: 'main' })
    expect(await shown(environment('staging'))).toEqual([['SHARED', 'x', shop]])
    expect((await api.call('DELETE', service())).status).toBe(204)
    await addShop(api, shop)
    expect(await shown(service())).toEqual([])
    expect(await shown(environment('production'))).toEqual([])
  })

  it('that are changed at once are each changed, up to the limit', async () => {
    await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        api.call('PUT', `${service()}/variables/V${at}`, { value: String(at), secret: false }),
      ),
    )
    expect(await shown(service())).toHaveLength(8)
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`M${at}`, 'x']))
    await api.refused(422, 'TooManyVariables', 'PATCH', `${service()}/variables`, { set: many })
    // The service's do not count where they are inherited.
    expect((await set(environment('staging'), many)).status).toBe(200)
  })

  it('keep their seal, so that they cannot be taken for those of an environment', async () => {
    await set(service(), { KEY: 'x' })
    const [row] = await api.store.variables.list(shop, wholeService)
    await api.store.variables.put(shop, 'production', row!)
    const [own] = await api.store.variables.effective(shop, 'production')
    expect(own).not.toHaveProperty('from')
    const release = await goLive('production')
    await expect(releaseContext(api.deps, release)).rejects.toThrow()
  })
})

type Row = [what: string, method: string, path: string, body: unknown, status: number]
const refusedRows: Row[] = [
  ['A=B', 'PUT', '/variables/A=B', { value: 'x' }, 422],
  ['PORT', 'PUT', '/variables/PORT', { value: 'x' }, 422],
  ['of Sluice itself', 'PUT', '/variables/SLUICE_TOKEN', { value: 'x' }, 422],
  ['with a NUL', 'PUT', '/variables/A', { value: 'a\0b' }, 422],
  ['of 128 KiB', 'PUT', '/variables/A', { value: 'x'.repeat(128 * 1024) }, 422],
  ['__proto__', 'PATCH', '/variables', '{"set":{"__proto__":"x"}}', 422],
  ['both set and removed', 'PATCH', '/variables', { set: { A: 'x' }, remove: ['A'] }, 422],
  ['with another field', 'PATCH', '/variables', { set: { A: 'x' }, environment: 'production' }, 422],
  ['malformed', 'PATCH', '/variables', '{"set":', 400],
  ['with a bad cursor', 'GET', '/variable-changes?cursor=x', undefined, 422],
  ['of no such name', 'DELETE', '/variables/NOT_SET', undefined, 404],
]

it('what no variable of a service may be is refused, and sets nothing', async () => {
  await openShop()
  for (const [what, method, path, body, status] of refusedRows) {
    const answer = await api.call(method, `${service()}${path}`, body)
    expect(answer.status, what).toBe(status)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
  }
  expect(await shown(service())).toEqual([])
})

it('a service that is not there has no variables', async () => {
  await api.refused(404, 'ServiceNotFound', 'GET', '/v1/services/nowhere/variables')
  await api.refused(404, 'ServiceNotFound', 'PUT', '/v1/services/nowhere/variables/A', { value: 'x' })
})
