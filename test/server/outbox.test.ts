import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Delivery } from '../../contract/webhook.ts'
import type { NewDelivery } from '../../ports/store.ts'
import { LanesUnavailable } from '../../server/lanes.ts'
import { addShop, end, startApi, type Api } from './api.ts'
import { deliver, githubPush, makeSecret, sha, signed } from './forge.ts'
import { githubRequest, type RequestOptions } from './pull-requests.ts'

let api: Api
beforeAll(async () => {
  api = await startApi()
}, 60_000)
afterAll(() => api.stop())

let count = 0
let shop: string
let secret: string
beforeEach(async () => {
  shop = `outbox${++count}`
  secret = await addHooked(shop)
})
afterEach(() => {
  api.lanes.down = false
  vi.restoreAllMocks()
})

/** A service whose pushes to main are deployed to production, and those to staging to staging; answers its secret. */
async function addHooked(name: string): Promise<string> {
  await addShop(api, name)
  for (const [environment, branch] of [
    ['production', 'main'],
    ['staging', 'staging'],
  ])
    await api.call('PUT', `/v1/services/${name}/environments/${environment}`, { branch, autoDeploy: true })
  return makeSecret(api, name)
}

async function push(after: string, branch = 'main', service = { name: shop, secret }): Promise<string> {
  const text = JSON.stringify(githubPush({ ref: `refs/heads/${branch}`, after }))
  const told = await deliver(api, `github/${service.name}`, text, signed.github(service.secret, text))
  expect(told.status).toBe(202)
  return told.body.id
}

async function tell(options: RequestOptions): Promise<string> {
  const text = JSON.stringify(githubRequest(options))
  const headers = signed.github(secret, text, 'pull_request')
  return (await deliver(api, `github/${shop}`, text, headers)).body.id
}

async function delivery(id: string, name = shop): Promise<Delivery> {
  const to = `/v1/services/${name}/deliveries?limit=100`
  const { body } = await api.call<{ data: Delivery[] }>('GET', to)
  return body.data.find((one) => one.id === id)!
}

const settled = (id: string, name = shop) =>
  vi.waitUntil(
    async () => {
      const found = await delivery(id, name)
      return found.settledAt && found
    },
    { timeout: 12_000 },
  )

const enqueued = () =>
  api.lanes.enqueued
    .filter(({ serviceId }) => serviceId === shop)
    .map(({ environment, commitSha }) => [environment, commitSha])

async function query(text: string, ...values: unknown[]): Promise<void> {
  const client = new pg.Client({ connectionString: api.databaseUrl })
  await client.connect()
  await client.query(text, values)
  await client.end()
}

/** Pushes while Temporal is away, until the delivery is to be tried again. */
async function pushInVain(commit: string): Promise<string> {
  api.lanes.down = true
  const id = await push(commit)
  await vi.waitUntil(async () => (await api.store.webhooks.find(shop, id))!.attempts === 1)
  await vi.waitUntil(() => api.logged.some((line) => line.includes('a delivery waits') && line.includes(id)))
  return id
}

describe('a push that could not be started', () => {
  it('is deployed before one that came later', async () => {
    const first = await pushInVain(sha(1))
    api.lanes.down = false
    const second = await push(sha(2))
    await settled(second)
    expect(await delivery(first)).toMatchObject({ outcome: 'deployed' })
    expect(enqueued()).toEqual([
      ['production', sha(1)],
      ['production', sha(2)],
    ])
  })

  it('is deployed before one that was looked at together with it', async () => {
    const gate = Promise.withResolvers<void>()
    const check = vi.spyOn(api.deps.readiness, 'check').mockImplementationOnce(async () => {
      await gate.promise
      return []
    })
    const commits = [sha(1), sha(2), sha(3)]
    const ids = [await push(sha(1))]
    await vi.waitUntil(() => check.mock.calls.length === 1)
    ids.push(await push(sha(2)), await push(sha(3)))
    const { enqueue } = api.lanes
    let failed = false
    vi.spyOn(api.lanes, 'enqueue').mockImplementation(async (request) => {
      if (request.commitSha !== sha(2) || failed) return enqueue(request)
      failed = true
      throw new LanesUnavailable('The queue does not answer.')
    })
    gate.resolve()
    for (const id of ids) await settled(id)
    expect(enqueued().map(([, commit]) => commit)).toEqual(commits)
  })

  it('holds back neither another environment nor a preview', async () => {
    await api.call('PUT', `/v1/services/${shop}/preview-rule`, { enabled: true })
    const first = await pushInVain(sha(1))
    await query(`update deliveries set next_attempt_at = now() + interval '1 minute' where id = $1`, first)
    api.lanes.down = false
    await settled(await push(sha(3), 'staging'))
    await settled(await tell({ number: 7, head: sha(7) }))
    expect(enqueued()).toEqual([
      ['staging', sha(3)],
      ['pr-7', sha(7)],
    ])
  })

  it('does not hold back later ones for ever, and is not deployed over one of them', async () => {
    const first = await pushInVain(sha(1))
    await query(
      `update deliveries
        set received_at = now() - interval '2 hours', next_attempt_at = now() + interval '1 minute'
        where id = $1`,
      first,
    )
    api.lanes.down = false
    await settled(await push(sha(2)))
    await query(`update deliveries set next_attempt_at = now() where id = $1`, first)
    expect(await settled(first)).toMatchObject({
      outcome: 'ignored',
      results: [{ reason: 'A later push was deployed before it could be started.' }],
    })
    expect(enqueued()).toEqual([['production', sha(2)]])
  })
})

it('a service whose preflight is slow holds up no other, however many pushes it has', async () => {
  const gate = Promise.withResolvers<void>()
  vi.spyOn(api.deps.readiness, 'check').mockImplementation(async ({ serviceId }) => {
    if (serviceId === shop) await gate.promise
    return []
  })
  const first = await push(sha(1))
  await vi.waitUntil(async () => (await api.store.webhooks.find(shop, first))!.attempts === 1)
  for (let at = 2; at <= 60; at++) await push(sha(at))
  const quick = `${shop}-quick`
  const other = await push(sha(1), 'main', { name: quick, secret: await addHooked(quick) })
  expect(await settled(other, quick)).toMatchObject({ outcome: 'deployed' })
  expect(enqueued()).toEqual([])
  gate.resolve()
  await vi.waitUntil(() => enqueued().length === 60, { timeout: 10_000 })
  expect(enqueued().map(([, commit]) => commit)).toEqual(Array.from({ length: 60 }, (_, at) => sha(at + 1)))
})

it('many that wait for a preview to be gone hold up no push, and are looked at now and then', async () => {
  await api.call('PUT', `/v1/services/${shop}/preview-rule`, { enabled: true })
  await settled(await tell({ number: 7, head: sha(7) }))
  const deployment = `${shop}.pr-7.1`
  await api.store.deployments.started(deployment, { runId: 'run', at: new Date() })
  const closing = await tell({ number: 7, action: 'closed' })
  await vi.waitUntil(async () => (await delivery(closing)).results[0]?.reason?.includes('is being removed'))
  const { targets, results } = (await api.store.webhooks.find(shop, closing))!
  const looks = vi.spyOn(api.store.webhooks, 'pending')
  for (let at = 0; at < 60; at++) {
    const id = randomUUID()
    const one: NewDelivery = {
      ...{ id, serviceId: shop, provider: 'github', deliveryId: id, event: 'pull_request' },
      ...{ targets, results, redeliveryOf: null },
    }
    await api.store.webhooks.record(one, false)
  }
  expect(await settled(await push(sha(1)))).toMatchObject({ outcome: 'deployed' })
  looks.mockClear()
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  expect(looks.mock.calls.length).toBeLessThan(200)
  await end(api, deployment, 'CANCELED')
  expect(await settled(closing)).toMatchObject({ outcome: 'removed' })
}, 30_000)
