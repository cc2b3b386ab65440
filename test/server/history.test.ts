import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Deployment } from '../../contract/deployment.ts'
import { deploymentDiffSchema, type DeploymentDiff } from '../../contract/diff.ts'
import type { Environment } from '../../contract/service.ts'
import { keepOwnVariables } from '../../activities/own-variables.ts'
import type { DeployInput } from '../../contract/workflows.ts'
import { makeRepository } from '../source/repositories.ts'
import { addShop, deploy, end, startApi, succeed, type Api } from './api.ts'

let api: Api
beforeAll(async () => {
  api = await startApi()
  await addShop(api)
}, 60_000)
afterAll(() => api.stop())

const environment = '/v1/services/shop/environments/production'
const sha = (number: number) => number.toString(16).padStart(40, 'a')
const pending = async () => (await api.call<Environment>('GET', environment)).body.pendingChanges

/** As the activities of a deployment that goes live would. */
async function goLive({ id, number, trigger, releaseId }: Deployment): Promise<void> {
  const { deployments, releases, variables } = api.store
  const name = { serviceId: 'shop', environment: 'production' }
  await deployments.started(id, { runId: 'run', at: new Date() })
  const releaseNumber = releaseId ? Number(releaseId.split('.r')[1]) : number
  if (releaseId) {
    const rollbackOf = (await deployments.find(id))?.rollbackOf
    const input = {
      ...name,
      deploymentId: id,
      number,
      releaseNumber,
      trigger,
      ...(rollbackOf ? { rollbackOf } : {}),
    }
    await keepOwnVariables(api.store, input as DeployInput)
  } else {
    await releases.record({
      ...name,
      ...{ releaseId: `shop.production.r${number}`, deploymentId: id, number },
      ...{ commitSha: sha(number), commitMessage: `change ${number}` },
      plan: {
        technology: 'node',
        start: { command: `node v${number}.js`, reason: 'x' },
        reasons: [`${number}`],
      } as never,
      sealedVariables: await variables.list('shop', 'production'),
    })
  }
  await deployments.markLive({ ...name, number, deploymentId: id, releaseNumber })
  await end(api, id, 'SUCCEEDED')
}

const change = (body: object) => api.call('PATCH', `${environment}/variables`, body)

describe('variables', () => {
  it('changes many at once, keeps what is not named, and never shows a secret', async () => {
    const set = { DATABASE_URL: 'postgres://u:p4ss@db/x', LEVEL: 'info', OLD: '1' }
    expect((await change({ set })).status).toBe(200)
    expect((await change({ set: { LEVEL: 'debug' }, secret: false, remove: ['OLD'] })).body).toMatchObject({
      data: [
        { name: 'DATABASE_URL', secret: true, value: null },
        { name: 'LEVEL', secret: false, value: 'debug' },
      ],
    })
    await api.refused(422, 'ValidationFailed', 'PATCH', `${environment}/variables`, { set: { 'A=B': 'x' } })
    await api.refused(422, 'ValidationFailed', 'PATCH', `${environment}/variables`, {
      set: { A: 'x' },
      remove: ['A'],
    })
    const many = Object.fromEntries(Array.from({ length: 499 }, (_, at) => [`V${at}`, 'x']))
    await api.refused(422, 'TooManyVariables', 'PATCH', `${environment}/variables`, { set: many })
    expect((await api.call<Environment>('GET', environment)).body.variables.length).toBe(2)
  })

  it('tells what was changed when, by name and version, and a value that stays is no change', async () => {
    await change({ set: { LEVEL: 'debug' }, secret: false })
    await api.call('PUT', `${environment}/variables/LEVEL`, { value: 'debug', secret: false })
    const all = await api.call<{ data: object[]; nextCursor: string }>(
      'GET',
      `${environment}/variable-changes?limit=2`,
    )
    expect(all.body.data).toMatchObject([
      { name: 'OLD', change: 'removed', version: 2 },
      { name: 'LEVEL', change: 'set', version: 2, secret: false },
    ])
    const rest = await api.call<{ data: object[] }>(
      'GET',
      `${environment}/variable-changes?cursor=${all.body.nextCursor}`,
    )
    expect(rest.body.data).toHaveLength(3)
    expect(rest.text + all.text).not.toContain('p4ss')
    const one = await api.call<{ data: object[] }>('GET', `${environment}/variable-changes?name=LEVEL`)
    expect(one.body.data).toHaveLength(2)
    await api.refused(422, 'ValidationFailed', 'GET', `${environment}/variable-changes?cursor=x`)
  })

  it('are pending until a restart brings the live release up with them', async () => {
    await api.refused(409, 'NothingLive', 'POST', `${environment}/restart`)
    await goLive(await deploy(api))
    expect(await pending()).toEqual([])
    await change({ set: { LEVEL: 'warn', NEW: '1' }, remove: ['DATABASE_URL'] })
    expect(await pending()).toEqual([
      { name: 'DATABASE_URL', change: 'removed' },
      { name: 'LEVEL', change: 'changed' },
      { name: 'NEW', change: 'added' },
    ])
    const { status, body } = await api.call<Deployment>('POST', `${environment}/restart`)
    expect(status).toBe(202)
    expect(body).toMatchObject({ trigger: 'restart', releaseId: 'shop.production.r1', commitSha: sha(1) })
    expect(body.steps.map(({ name }) => name)).toEqual(['preflight', 'validate', 'switch', 'cleanup'])
    expect(api.lanes.enqueued.at(-1)).toMatchObject({ trigger: 'restart', releaseNumber: 1 })
    await goLive(body)
    expect(await pending()).toEqual([])
    const live = await api.store.releases.find('shop.production.r1', body.id)
    expect(live?.sealedVariables.map(({ name }) => name)).toEqual(['LEVEL', 'NEW'])
    const built = await api.store.releases.find('shop.production.r1')
    expect(built?.sealedVariables.map(({ name }) => name)).toEqual(['DATABASE_URL', 'LEVEL'])
  })
})

describe('history', () => {
  it('tells the commits between two deployments, from the repository', async () => {
    const repository = makeRepository(path.join(api.root, 'books'))
    const commits = ['one', 'two', 'three'].map((name) => repository.commit({ name }, name))
    await api.call('POST', '/v1/services', {
      serviceId: 'books',
      source: { kind: 'git', url: repository.folder },
    })
    await api.call('PUT', '/v1/services/books/environments/production', { branch: 'main' })
    await succeed(api, await deploy(api, 'books'), commits[0])
    await succeed(api, await deploy(api, 'books'), commits[2])
    const [there, back] = await Promise.all(
      ['1/diff/books.production.2', '2/diff/books.production.1'].map((rest) =>
        api.call<DeploymentDiff>('GET', `/v1/deployments/books.production.${rest}`),
      ),
    )
    expect(deploymentDiffSchema.parse(there!.body)).toEqual(there!.body)
    const newest = [
      { sha: commits[2], author: 'Ada', subject: 'three' },
      { sha: commits[1], author: 'Ada', subject: 'two' },
    ]
    expect(there!.body.commits).toMatchObject({ added: newest, removed: [], complete: true })
    expect(back!.body.commits).toMatchObject({ added: [], removed: newest, complete: true })
  })

  it('tells what differs between two deployments: commit, plan, variables by name only', async () => {
    await goLive(await deploy(api))
    const { body, text } = await api.call<DeploymentDiff>(
      'GET',
      '/v1/deployments/shop.production.1/diff/shop.production.3',
    )
    expect(deploymentDiffSchema.parse(body)).toEqual(body)
    expect(body).toMatchObject({
      sameCommit: false,
      // There is no such repository, and the rest is told all the same.
      commits: null,
      compareUrl: `https://git.example.com/acme/shop/compare/${sha(1)}...${sha(3)}`,
      variables: [
        { name: 'DATABASE_URL', change: 'removed' },
        { name: 'LEVEL', change: 'changed' },
        { name: 'NEW', change: 'added' },
      ],
      plan: [{ field: 'start', from: 'node v1.js', to: 'node v3.js' }],
    })
    expect(text).not.toMatch(/p4ss|warn/)
    const waiting = await deploy(api)
    await api.refused(409, 'NoRelease', 'GET', `/v1/deployments/shop.production.1/diff/${waiting.id}`)
    await api.refused(
      404,
      'DeploymentNotFound',
      'GET',
      '/v1/deployments/shop.production.1/diff/shop.production.99',
    )
    await end(api, waiting.id, 'FAILED')
    await addShop(api, 'blog')
    const other = await deploy(api, 'blog')
    await api.refused(409, 'OtherService', 'GET', `/v1/deployments/shop.production.1/diff/${other.id}`)
    await end(api, other.id, 'FAILED')
  })

  it('goes back to any past deployment: to its release, or building its commit again with its variables', async () => {
    const back = (deploymentId: string) =>
      api.call<Deployment>('POST', `${environment}/rollback`, { deploymentId })
    expect((await back('shop.production.2')).body).toMatchObject({
      trigger: 'rollback',
      releaseId: 'shop.production.r1',
      rollbackOf: 'shop.production.2',
    })
    await goLive((await api.call<Deployment>('GET', '/v1/deployments/shop.production.5')).body)
    // With the variables of the restart, and not with those that the release was built with.
    const live = await api.store.releases.find('shop.production.r1', 'shop.production.5')
    expect(live?.sealedVariables.map(({ name }) => name)).toEqual(['LEVEL', 'NEW'])
    await api.store.releases.gone(['shop.production.r3'])
    const rebuilt = await back('shop.production.3')
    expect(rebuilt.body).toMatchObject({
      trigger: 'rebuild',
      commitSha: sha(3),
      rollbackOf: 'shop.production.3',
    })
    expect(rebuilt.body.steps).toHaveLength(9)
    await end(api, rebuilt.body.id, 'FAILED')
    const again = await api.call<Deployment>('POST', `/v1/deployments/${rebuilt.body.id}/retry`)
    expect(again.body).toMatchObject({
      trigger: 'rebuild',
      rollbackOf: 'shop.production.3',
      retryOf: rebuilt.body.id,
    })
    await end(api, again.body.id, 'FAILED')
    expect((await back('shop.production.4')).body).toMatchObject({ code: 'NeverLive' })
    expect((await back('blog.production.1')).body).toMatchObject({ code: 'DeploymentNotFound' })
    const both = { deploymentId: 'shop.production.1', releaseId: 'shop.production.r1' }
    await api.refused(422, 'ValidationFailed', 'POST', `${environment}/rollback`, both)
  })

  it('filters by commit and time', async () => {
    const ids = async (query: string) => {
      const { body } = await api.call<{ data: Deployment[] }>(
        'GET',
        `/v1/deployments?serviceId=shop&${query}`,
      )
      return body.data.map(({ number }) => number)
    }
    expect(await ids(`commit=${sha(1)}`)).toEqual([5, 2, 1])
    expect(await ids(`commit=${sha(3).slice(0, 39)}`)).toEqual(expect.arrayContaining([3, 1]))
    const { queuedAt } = (await api.call<Deployment>('GET', '/v1/deployments/shop.production.3')).body
    const time = encodeURIComponent(queuedAt)
    expect(await ids(`until=${time}`)).toEqual([2, 1])
    expect(await ids(`since=${time}`)).toEqual([7, 6, 5, 4, 3])
    expect(await ids(`since=${time}&trigger=rebuild&status=FAILED`)).toEqual([7, 6])
    for (const query of [
      'commit=x',
      "commit=aaaa' or 1=1",
      'since=yesterday',
      'until=1',
      'commit=%25%25%25%25',
    ])
      await api.refused(422, 'ValidationFailed', 'GET', `/v1/deployments?${query}`)
  })

  it('archives many at once, and old ones by itself, but never what is live', async () => {
    const waiting = await deploy(api)
    const deploymentIds = ['shop.production.1', 'shop.production.2', waiting.id, 'shop.production.999']
    const archived = await api.call('POST', '/v1/deployments/archive', { deploymentIds, archived: true })
    expect(archived.body).toMatchObject({ skipped: [waiting.id, 'shop.production.999'] })
    expect((await api.store.deployments.find('shop.production.1'))?.archivedAt).not.toBeNull()
    await api.call('POST', '/v1/deployments/archive', { deploymentIds, archived: false })
    expect((await api.store.deployments.find('shop.production.1'))?.archivedAt).toBeNull()
    expect(await api.store.deployments.archiveEnded(new Date(0))).toBe(0)
    await api.store.deployments.archiveEnded(new Date())
    const { body } = await api.call<{ data: Deployment[] }>('GET', '/v1/deployments?serviceId=shop')
    expect(body.data.map(({ id }) => id)).toEqual([waiting.id, 'shop.production.5'])
    await api.refused(422, 'ValidationFailed', 'POST', '/v1/deployments/archive', {
      deploymentIds: [],
      archived: true,
    })
    await end(api, waiting.id, 'CANCELED')
  })
})
