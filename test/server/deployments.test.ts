import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { deploymentSchema, type Deployment, type Release } from '../../contract/deployment.ts'
import { failureOf } from '../../contract/failures.ts'
import { addShop, deploy, end, startApi, succeed, type Api } from './api.ts'

let api: Api
let service = ''
let count = 0
beforeAll(async () => {
  api = await startApi()
}, 60_000)
afterAll(() => api.stop())
beforeEach(async () => {
  service = `shop${++count}`
  await addShop(api, service)
})

const wanted = () => ({ serviceId: service, environment: 'production' })
const rollbackPath = () => `/v1/services/${service}/environments/production/rollback`

describe('POST /deployments', () => {
  it('queues, and can be read at once', async () => {
    const made = await api.call<Deployment>('POST', '/v1/deployments', wanted())
    expect(made.status).toBe(202)
    expect(made.headers.get('location')).toBe(`/v1/deployments/${service}.production.1`)
    expect(deploymentSchema.parse(made.body)).toMatchObject({
      id: `${service}.production.1`,
      number: 1,
      status: 'QUEUED',
      trigger: 'api',
      ref: 'main',
      repoFullName: 'acme/shop',
      serviceUrl: `http://${service}.localhost:8080/`,
      queuePosition: 1,
      live: false,
    })
    const read = await api.call(`GET`, made.headers.get('location')!)
    expect(read.body).toEqual(made.body)
  })

  it('deploys another ref when asked', async () => {
    const made = await api.call<Deployment>('POST', '/v1/deployments', { ...wanted(), ref: 'v1.2.3' })
    expect(made.body.ref).toBe('v1.2.3')
    expect(api.lanes.enqueued.at(-1)).toMatchObject({ ref: 'v1.2.3', host: 'local', numberFloor: 1 })
  })

  it('starts nothing when something is missing, and lists everything', async () => {
    const finding = (code: string) => ({ code, message: `${code} is missing.`, link: '/guides/x', fix: null })
    api.findings.push(finding('RefNotFound'), finding('DatabaseUnreachable'))
    const answer = await api.refused(422, 'PreflightFailed', 'POST', '/v1/deployments', wanted())
    expect(answer.body.findings).toEqual(api.findings)
    api.findings.length = 0
    expect(api.lanes.enqueued.filter(({ serviceId }) => serviceId === service)).toEqual([])
    expect(await api.store.environments.lastNumber(service, 'production')).toBe(0)
  })

  it('answers 404 for what does not exist', async () => {
    await api.refused(404, 'ServiceNotFound', 'POST', '/v1/deployments', { ...wanted(), serviceId: 'nobody' })
    await api.refused(404, 'EnvironmentNotFound', 'POST', '/v1/deployments', {
      ...wanted(),
      environment: 'none',
    })
  })

  it.each(['-x', '--exec=id', 'a$(id)', 'a;b', '@', 'refs/heads/-x'])('refuses the ref %j', async (ref) => {
    await api.refused(422, 'ValidationFailed', 'POST', '/v1/deployments', { ...wanted(), ref })
  })

  it('accepts nothing by halves while Temporal is down', async () => {
    api.lanes.down = true
    const answer = await api.refused(503, 'TemporalUnavailable', 'POST', '/v1/deployments', wanted())
    expect(answer.headers.get('retry-after')).toBe('2')
    api.lanes.down = false
    expect(await api.store.environments.lastNumber(service, 'production')).toBe(0)
    expect((await api.call('GET', `/v1/services/${service}`)).status).toBe(200)
  })

  it('numbers 20 that come at once without a gap', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => deploy(api, service)))
    expect(all.map(({ number }) => number).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, at) => at + 1),
    )
  })
})

describe('Idempotency-Key', () => {
  const keyed = (key: string, body: unknown = wanted()) =>
    api.call<Deployment>('POST', '/v1/deployments', body, { 'idempotency-key': key })

  it('answers the same to the same', async () => {
    const first = await keyed('k1')
    const again = await keyed('k1')
    expect(again.status).toBe(202)
    expect(again.text).toBe(first.text)
    expect(again.headers.get('location')).toBe(first.headers.get('location'))
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(await api.store.environments.lastNumber(service, 'production')).toBe(1)
  })

  it('refuses another body under a used key', async () => {
    await keyed('k2')
    await api.refused(
      422,
      'IdempotencyMismatch',
      'POST',
      '/v1/deployments',
      { ...wanted(), ref: 'other' },
      { 'idempotency-key': 'k2' },
    )
  })

  it('makes one deployment of ten requests at once', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => keyed('k3')))
    for (const { status, headers } of answers) {
      expect([202, 409]).toContain(status)
      if (status === 409) expect(headers.get('retry-after')).toBe('1')
    }
    expect(answers.filter(({ status }) => status === 202).length).toBeGreaterThan(0)
    expect(await api.store.environments.lastNumber(service, 'production')).toBe(1)
  })

  it('gives the same deployment to a repeat of a request whose answer was lost', async () => {
    api.lanes.losesAnswers = true
    expect((await keyed('k4')).status).toBe(503)
    api.lanes.losesAnswers = false
    const again = await keyed('k4')
    expect(again).toMatchObject({ status: 202, body: { number: 1 } })
    expect(api.lanes.enqueued.filter(({ serviceId }) => serviceId === service)).toHaveLength(1)
  })

  it('lets a request that was refused be sent again with its key', async () => {
    api.findings.push({ code: 'X', message: 'X is missing.', link: '/x', fix: null })
    expect((await keyed('k5')).status).toBe(422)
    api.findings.length = 0
    expect((await keyed('k5')).status).toBe(202)
  })

  it('belongs to its path', async () => {
    const first = await keyed('k6')
    const archived = await api.call('POST', `/v1/deployments/${first.body.id}/cancel`, wanted(), {
      'idempotency-key': 'k6',
    })
    expect(archived.body).not.toMatchObject({ code: 'IdempotencyMismatch' })
  })

  it('must be a plain one', async () => {
    await api.refused(422, 'ValidationFailed', 'POST', '/v1/deployments', wanted(), {
      'idempotency-key': 'a b',
    })
    await api.refused(422, 'ValidationFailed', 'POST', '/v1/deployments', wanted(), {
      'idempotency-key': 'x'.repeat(256),
    })
  })

  it('says when the first request is still running', async () => {
    const body = JSON.stringify(wanted())
    const { createHash } = await import('node:crypto')
    const hash = createHash('sha256').update('').update('\0').update(body).digest('hex')
    await api.store.idempotency.claim('k7', 'POST /v1/deployments', hash)
    const answer = await api.refused(409, 'IdempotencyRunning', 'POST', '/v1/deployments', body, {
      'idempotency-key': 'k7',
    })
    expect(answer.headers.get('retry-after')).toBe('1')
  })
})

describe('GET /deployments', () => {
  it('pages through the newest first, with filters', async () => {
    for (let n = 0; n < 5; n++) await deploy(api, service)
    const seen: number[] = []
    let cursor = ''
    do {
      const page = await api.call<{ data: Deployment[]; nextCursor: string | null }>(
        'GET',
        `/v1/deployments?serviceId=${service}&status=QUEUED&limit=2${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
      )
      seen.push(...page.body.data.map(({ number }) => number))
      cursor = page.body.nextCursor ?? ''
    } while (cursor)
    expect(seen).toEqual([5, 4, 3, 2, 1])
  })

  it('hides what was archived unless asked', async () => {
    const one = await deploy(api, service)
    await api.refused(409, 'NotEnded', 'POST', `/v1/deployments/${one.id}/archive`)
    await end(api, one.id, 'FAILED')
    const archived = await api.call<Deployment>('POST', `/v1/deployments/${one.id}/archive`)
    expect(archived).toMatchObject({ status: 200 })
    expect(archived.body.archivedAt).not.toBeNull()
    const ids = async (query: string) =>
      (
        await api.call<{ data: Deployment[] }>('GET', `/v1/deployments?serviceId=${service}${query}`)
      ).body.data.map(({ id }) => id)
    expect(await ids('')).toEqual([])
    expect(await ids('&includeArchived=true')).toEqual([one.id])
    expect(
      (await api.call<Deployment>('POST', `/v1/deployments/${one.id}/unarchive`)).body.archivedAt,
    ).toBeNull()
    expect(await ids('')).toEqual([one.id])
  })

  it('refuses a filter that means nothing', async () => {
    for (const [query, pointer] of [
      ['limit=0', '/query/limit'],
      ['limit=1000', '/query/limit'],
      ['limit=x', '/query/limit'],
      ['status=DONE', '/query/status'],
      ['includeArchived=perhaps', '/query/includeArchived'],
      ['cursor=nonsense', '/query/cursor'],
      ['serviceId=..%2f', '/query/serviceId'],
    ]) {
      const answer = await api.refused(422, 'ValidationFailed', 'GET', `/v1/deployments?${query}`)
      expect(answer.body.errors?.[0]?.pointer).toBe(pointer)
    }
  })

  it('answers 404 for ids that do not or cannot exist', async () => {
    await api.refused(404, 'DeploymentNotFound', 'GET', `/v1/deployments/${service}.production.9`)
    for (const id of ['x', '..%2f..%2fetc%2fpasswd', 'a.b.0', 'a.b.99999999999', '%00']) {
      await api.refused(404, 'NotFound', 'GET', `/v1/deployments/${id}`)
    }
    for (const action of ['cancel', 'retry', 'archive', 'unarchive', 'resolve']) {
      await api.refused(
        404,
        'DeploymentNotFound',
        'POST',
        `/v1/deployments/${service}.production.9/${action}`,
        action === 'resolve' ? { migration: 'migrated' } : undefined,
      )
    }
  })
})

describe('resolve', () => {
  const resolve = (id: string, migration: string) =>
    api.call<Deployment>('POST', `/v1/deployments/${id}/resolve`, { migration })

  it('records the answer on a deployment whose migration nobody saw end', async () => {
    const { id } = await deploy(api, service)
    await api.store.deployments.stepStarted(id, 'migrate', 1)
    const failure = failureOf('MigrationOutcomeUnknown', 'lost')
    const outcome = { status: 'FAILED', compensation: 'DONE', failure, step: 'migrate' } as const
    await api.store.deployments.finish(id, outcome)
    const answer = await resolve(id, 'migrated')
    expect(deploymentSchema.parse(answer.body)).toMatchObject({
      migrationResolved: { answer: 'migrated', by: 'api' },
    })
    expect((await resolve(id, 'migrated')).body).toEqual(answer.body)
    await deploy(api, service)
    const changed = { migration: 'not-migrated' }
    await api.refused(409, 'AlreadyResolved', 'POST', `/v1/deployments/${id}/resolve`, changed)
  })

  it('is refused where there is nothing to resolve, and for another word', async () => {
    const { id } = await deploy(api, service)
    await end(api, id, 'FAILED')
    const path = `/v1/deployments/${id}/resolve`
    await api.refused(409, 'NothingToResolve', 'POST', path, { migration: 'migrated' })
    await api.refused(422, 'ValidationFailed', 'POST', path, { migration: 'perhaps' })
    await api.refused(422, 'ValidationFailed', 'POST', path, {})
  })
})

describe('cancel', () => {
  it('leaves no trace while Temporal is down', async () => {
    const { id } = await deploy(api, service)
    api.lanes.down = true
    const answer = await api.refused(503, 'TemporalUnavailable', 'POST', `/v1/deployments/${id}/cancel`)
    api.lanes.down = false
    expect(answer.headers.get('retry-after')).toBe('2')
    expect((await api.store.deployments.find(id))!.cancelRequested).toBeNull()
  })

  it('is passed on with who and why', async () => {
    const { id } = await deploy(api, service)
    const answer = await api.call<Deployment>('POST', `/v1/deployments/${id}/cancel`, {
      reason: 'wrong branch',
    })
    expect(answer).toMatchObject({
      status: 202,
      body: { cancelRequested: { by: 'api', reason: 'wrong branch' } },
    })
    expect(api.lanes.canceled).toContain(id)
  })

  it('needs no body', async () => {
    const { id } = await deploy(api, service)
    expect((await api.call('POST', `/v1/deployments/${id}/cancel`)).status).toBe(202)
    expect(
      (await api.call('POST', `/v1/deployments/${id}/cancel`, '', { 'content-type': 'application/json' }))
        .status,
    ).toBe(202)
  })

  it('is refused once it is live or over', async () => {
    const first = await deploy(api, service)
    await succeed(api, first)
    await api.refused(409, 'AlreadyLive', 'POST', `/v1/deployments/${first.id}/cancel`)
    const second = await deploy(api, service)
    await end(api, second.id, 'FAILED')
    await api.refused(409, 'AlreadyEnded', 'POST', `/v1/deployments/${second.id}/cancel`)
    expect(api.lanes.canceled).not.toContain(first.id)
  })

  it('is refused when the deployment itself says that its switch has begun', async () => {
    const { id } = await deploy(api, service)
    api.lanes.tooLate.add(id)
    await api.refused(409, 'AlreadyLive', 'POST', `/v1/deployments/${id}/cancel`, { reason: 'too late' })
    expect((await api.store.deployments.find(id))!.cancelRequested).toBeNull()
  })

  it('is refused between the switch and the end', async () => {
    const { id } = await deploy(api, service)
    await api.store.deployments.started(id, { runId: 'run', at: new Date() })
    await api.store.deployments.stepStarted(id, 'switch', 1)
    await api.store.deployments.stepFinished(id, 'switch', { status: 'SUCCEEDED', detail: null })
    await api.refused(409, 'AlreadyLive', 'POST', `/v1/deployments/${id}/cancel`)
  })
})

describe('retry', () => {
  it('deploys the same commit again, as a new deployment', async () => {
    const first = await deploy(api, service)
    await api.refused(409, 'NotEnded', 'POST', `/v1/deployments/${first.id}/retry`)
    await succeed(api, first)
    const again = await api.call<Deployment>('POST', `/v1/deployments/${first.id}/retry`)
    const commitSha = (await api.call<Deployment>('GET', `/v1/deployments/${first.id}`)).body.commitSha
    expect(again).toMatchObject({
      status: 202,
      body: { number: 2, trigger: 'retry', retryOf: first.id, commitSha },
    })
    expect(api.lanes.enqueued.at(-1)).toMatchObject({ ref: 'main', commitSha })
  })

  it('of a rollback is a rollback to the same release', async () => {
    for (let n = 0; n < 2; n++) await succeed(api, await deploy(api, service))
    const back = await api.call<Deployment>('POST', rollbackPath())
    await end(api, back.body.id, 'FAILED')
    const again = await api.call<Deployment>('POST', `/v1/deployments/${back.body.id}/retry`)
    expect(again.body).toMatchObject({
      trigger: 'rollback',
      retryOf: back.body.id,
      releaseId: `${service}.production.r1`,
    })
    expect(api.lanes.enqueued.at(-1)).toMatchObject({
      releaseNumber: 1,
      rollbackOf: `${service}.production.1`,
    })
  })
})

describe('rollback', () => {
  it('goes to the newest kept release before the live one', async () => {
    for (let n = 0; n < 3; n++) await succeed(api, await deploy(api, service))
    await api.store.releases.gone([`${service}.production.r2`])
    const back = await api.call<Deployment>('POST', rollbackPath())
    expect(back).toMatchObject({
      status: 202,
      body: {
        number: 4,
        trigger: 'rollback',
        releaseId: `${service}.production.r1`,
        rollbackOf: `${service}.production.1`,
      },
    })
    expect(back.headers.get('location')).toBe(`/v1/deployments/${service}.production.4`)
    expect(api.lanes.enqueued.at(-1)).toMatchObject({ releaseNumber: 1, trigger: 'rollback' })
  })

  it('passes over a release whose deployment failed', async () => {
    await succeed(api, await deploy(api, service))
    const bad = await deploy(api, service)
    await api.store.releases.record({
      releaseId: `${service}.production.r2`,
      deploymentId: bad.id,
      serviceId: service,
      environment: 'production',
      number: 2,
      commitSha: 'b'.repeat(40),
      commitMessage: 'b',
      plan: {} as never,
      sealedVariables: [],
    })
    await end(api, bad.id, 'FAILED')
    await succeed(api, await deploy(api, service))
    expect((await api.call<Deployment>('POST', rollbackPath(), {})).body.releaseId).toBe(
      `${service}.production.r1`,
    )
  })

  it('says why when it cannot', async () => {
    await api.refused(409, 'NoEarlierRelease', 'POST', rollbackPath())
    await succeed(api, await deploy(api, service))
    await api.refused(409, 'NoEarlierRelease', 'POST', rollbackPath())
    await api.refused(409, 'ReleaseIsLive', 'POST', rollbackPath(), { releaseId: `${service}.production.r1` })
    await api.refused(422, 'ReleaseUnknown', 'POST', rollbackPath(), { releaseId: 'other.production.r1' })
    await succeed(api, await deploy(api, service))
    await api.store.releases.gone([`${service}.production.r1`])
    await api.refused(422, 'ReleaseGone', 'POST', rollbackPath(), { releaseId: `${service}.production.r1` })
  })

  it('may go forward again by name', async () => {
    for (let n = 0; n < 2; n++) await succeed(api, await deploy(api, service))
    const named = await api.call<Deployment>('POST', rollbackPath(), {
      releaseId: `${service}.production.r1`,
    })
    expect(named.body.releaseId).toBe(`${service}.production.r1`)
    const releases = await api.call<{ data: Release[] }>(
      'GET',
      `/v1/services/${service}/environments/production/releases`,
    )
    expect(releases.body.data.map(({ releaseId, live }) => [releaseId, live])).toEqual([
      [`${service}.production.r2`, true],
      [`${service}.production.r1`, false],
    ])
  })
})

describe('preflight', () => {
  it('tells everything without starting anything', async () => {
    const path = `/v1/services/${service}/environments/production/preflight`
    expect((await api.call('GET', path)).body).toEqual({ ready: true, findings: [] })
    api.findings.push({ code: 'RefNotFound', message: 'No branch.', link: '/guides/x', fix: null })
    expect((await api.call('GET', `${path}?ref=next`)).body).toMatchObject({
      ready: false,
      findings: [{ code: 'RefNotFound' }],
    })
    api.findings.length = 0
    await api.refused(422, 'ValidationFailed', 'GET', `${path}?ref=-x`)
  })
})
