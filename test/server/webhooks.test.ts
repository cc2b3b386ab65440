import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test } from 'vitest'
import type { Delivery } from '../../contract/webhook.ts'
import { createApp } from '../../server/app.ts'
import { sweep, Untold } from '../../server/webhooks/sweep.ts'
import { makeRepository } from '../e2e/repository.ts'
import { addShop, deploy, startApi, succeed, type Api } from './api.ts'
import {
  bitbucketPush,
  deliver,
  giteaPush,
  githubPush,
  gitlabPush,
  hmac,
  makeSecret,
  sha,
  signed,
  signedStandard,
  zeros,
  type PushOptions,
} from './forge.ts'

let api: Api
beforeAll(async () => {
  api = await startApi()
}, 60_000)
afterAll(() => api.stop())

let shop: string
let secret: string
let count = 0
/** production from main, staging from staging, both deploying pushes; docs from main, not deploying them. */
beforeEach(async () => {
  shop = `shop${++count}`
  await addShop(api, shop)
  await put('production', { branch: 'main', autoDeploy: true })
  await put('staging', { branch: 'staging', autoDeploy: true })
  secret = await makeSecret(api, shop)
})
afterEach(() => {
  api.lanes.down = false
  api.lanes.losesAnswers = false
  api.lanes.busy = undefined
  api.findings.length = 0
})

const put = (environment: string, body: object) =>
  api.call('PUT', `/v1/services/${shop}/environments/${environment}`, body)

async function push(options: PushOptions = {}, id: string = randomUUID()) {
  const text = JSON.stringify(githubPush(options))
  return deliver(api, `github/${shop}`, text, signed.github(secret, text, 'push', id))
}

const deliveries = async (query = '') =>
  (
    await api.call<{ data: Delivery[]; nextCursor: string | null }>(
      'GET',
      `/v1/services/${shop}/deliveries${query}`,
    )
  ).body

async function settled(id: string): Promise<Delivery> {
  for (;;) {
    const found = (await deliveries('?limit=100')).data.find((one) => one.id === id)
    if (found?.settledAt) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const enqueued = () =>
  api.lanes.enqueued
    .filter(({ serviceId }) => serviceId === shop)
    .map(({ environment, ref, commitSha, trigger, queue }) => ({
      environment,
      ref,
      commitSha,
      trigger,
      queue,
    }))

describe('a push', () => {
  it('to the branch of an environment deploys that environment and no other', async () => {
    const { status, body } = await push({ after: sha(7) })
    expect(status).toBe(202)
    expect(await settled(body.id)).toMatchObject({
      outcome: 'deployed',
      results: [{ environment: 'production', outcome: 'deployed', deploymentId: `${shop}.production.1` }],
    })
    const wanted = { ref: 'main', commitSha: sha(7), trigger: 'webhook', queue: 'newest-wins' }
    expect(enqueued()).toEqual([{ environment: 'production', ...wanted }])
    const other = await push({ ref: 'refs/heads/staging', after: sha(8) })
    await settled(other.body.id)
    expect(enqueued()[1]).toMatchObject({ environment: 'staging', ref: 'staging', commitSha: sha(8) })
    expect(enqueued()).toHaveLength(2)
  })

  it.each([
    [
      'another branch',
      { ref: 'refs/heads/feature/x' },
      'No environment is deployed from branch feature/x (production from main, staging from staging).',
    ],
    [
      'a branch that only ends alike',
      { ref: 'refs/heads/x/main' },
      'No environment is deployed from branch x/main',
    ],
    ['a tag', { ref: 'refs/tags/main' }, 'Tag main was pushed'],
    ['a branch that was deleted', { after: zeros }, 'Branch main was deleted'],
    ['a commit that says so', { message: 'typo [skip deploy]' }, '[skip deploy]'],
  ])('of %s does nothing, and the answer says so', async (_, options, reason) => {
    const { status, body } = await push(options)
    expect(status).toBe(200)
    expect(body.outcome).toBe('ignored')
    expect(body.results[0]?.reason).toContain(reason)
    expect(enqueued()).toEqual([])
  })

  it('does nothing where autoDeploy is off', async () => {
    await put('production', { branch: 'main', autoDeploy: false })
    const { status, body } = await push()
    expect({ status, outcome: body.outcome }).toEqual({ status: 200, outcome: 'ignored' })
    expect(body.results[0]?.reason).toContain('autoDeploy is off')
    expect(enqueued()).toEqual([])
  })

  it('to a branch of two environments deploys both', async () => {
    await put('canary', { branch: 'refs/heads/main', autoDeploy: true })
    const { body } = await push()
    expect((await settled(body.id)).results).toHaveLength(2)
    expect(
      enqueued()
        .map(({ environment }) => environment)
        .toSorted(),
    ).toEqual(['canary', 'production'])
  })

  it('that is delivered twice is deployed once, also under another id', async () => {
    const id = randomUUID()
    const answers = await Promise.all([push({ after: sha(3) }, id), push({ after: sha(3) }, id)])
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 202]))
    expect(answers[0].body.id).toBe(answers[1].body.id)
    await settled(answers[0].body.id)
    expect(await push({ after: sha(3) }, id)).toMatchObject({ status: 200, body: { outcome: 'deployed' } })
    expect(await push({ after: sha(3) })).toMatchObject({ status: 200, body: { outcome: 'ignored' } })
    expect(enqueued()).toHaveLength(1)
  })

  it('comes in the order of the deliveries, each of 30 with its outcome', async () => {
    const answers = []
    for (let at = 0; at < 30; at++) {
      const id = randomUUID()
      answers.push(await push({ after: sha(100 + at) }, id))
      expect((await push({ after: sha(100 + at) }, id)).status).toBe(200)
    }
    for (const { body } of answers) await settled(body.id)
    expect(enqueued().map(({ commitSha }) => commitSha)).toEqual(answers.map((_, at) => sha(100 + at)))
    // What the lane does with those that wait is its own affair; here it is only shown.
    await api.store.deployments.finish(`${shop}.production.2`, {
      ...{ status: 'SUPERSEDED', compensation: 'NONE', failure: null, step: null },
      supersededBy: `${shop}.production.3`,
    })
    const { data } = await deliveries('?limit=100')
    expect(data).toHaveLength(30)
    expect(data[28]).toMatchObject({
      outcome: 'superseded',
      results: [{ deploymentId: `${shop}.production.2`, supersededBy: `${shop}.production.3` }],
    })
    const first = await deliveries('?limit=20')
    expect((await deliveries(`?limit=20&cursor=${first.nextCursor}`)).data).toHaveLength(10)
    await api.refused(422, 'ValidationFailed', 'GET', `/v1/services/${shop}/deliveries?cursor=x`)
  })
})

describe('what was answered with 202', () => {
  it('is deployed by the next server, once, although the first one died before it could', async () => {
    api.lanes.down = true
    const { status, body } = await push({ after: sha(9) })
    expect(status).toBe(202)
    expect((await deliveries()).data[0]).toMatchObject({ outcome: 'pending', settledAt: null })
    api.lanes.down = false
    createApp(api.deps)
    expect(await settled(body.id)).toMatchObject({ outcome: 'deployed' })
    expect(enqueued()).toHaveLength(1)
  }, 30_000)

  it('is deployed once although the answer of the lane was lost', async () => {
    api.lanes.losesAnswers = true
    const { body } = await push()
    while (enqueued().length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
    api.lanes.losesAnswers = false
    expect(await settled(body.id)).toMatchObject({ results: [{ deploymentId: `${shop}.production.1` }] })
    expect(enqueued()).toHaveLength(1)
  }, 30_000)
})

describe('what stands against a deployment', () => {
  const hold = (environment = 'production') => `/v1/services/${shop}/environments/${environment}/hold`

  it('a hold is told to whoever deploys, and is the outcome of a delivery', async () => {
    const held = await api.call('PUT', hold(), { reason: 'The database is being moved.' })
    expect(held).toMatchObject({ status: 200, body: { reason: 'The database is being moved.', by: 'api' } })
    const wish = { serviceId: shop, environment: 'production' }
    const refused = await api.refused(409, 'EnvironmentHeld', 'POST', '/v1/deployments', wish)
    expect(refused.body.detail).toContain('The database is being moved.')
    const { body } = await push()
    expect(await settled(body.id)).toMatchObject({
      outcome: 'rejected',
      results: [{ reason: expect.stringContaining('The database is being moved.') as string }],
    })
    expect(await put('production', { branch: 'main' })).toMatchObject({ body: { hold: { by: 'api' } } })
    expect((await api.call('DELETE', hold())).status).toBe(204)
    const again = `/v1/services/${shop}/deliveries/${body.id}/redeliver`
    const second = await api.call<Delivery>('POST', again, undefined, { 'idempotency-key': 'once' })
    expect(second).toMatchObject({ status: 202, body: { redeliveryOf: body.id } })
    await api.call('POST', again, undefined, { 'idempotency-key': 'once' })
    expect(await settled(second.body.id)).toMatchObject({ outcome: 'deployed' })
    expect(enqueued()).toHaveLength(1)
  })

  it('a hold does not bar the way back', async () => {
    await succeed(api, await deploy(api, shop))
    await succeed(api, await deploy(api, shop))
    await api.call('PUT', hold(), { reason: 'Incident.' })
    expect((await api.call('POST', `/v1/services/${shop}/environments/production/rollback`, {})).status).toBe(
      202,
    )
    await api.refused(404, 'EnvironmentNotFound', 'PUT', hold('nowhere'), { reason: 'x' })
    await api.refused(422, 'ValidationFailed', 'PUT', hold(), { reason: '' })
  })

  it('a freeze is one too, once or again and again', async () => {
    const wish = { serviceId: shop, environment: 'production' }
    const at = (ms: number) => new Date(Date.now() + ms).toISOString()
    const over = { from: at(-7_200_000), to: at(-3_600_000), reason: 'Over.' }
    const now = { from: at(-3_600_000), to: at(3_600_000), reason: 'Christmas.' }
    await put('production', { branch: 'main', freezes: [over, now] })
    const refused = await api.refused(409, 'EnvironmentFrozen', 'POST', '/v1/deployments', wish)
    expect(refused.body.detail).toContain(now.to)
    await put('production', {
      branch: 'main',
      freezes: [{ cron: '* * * * *', seconds: 120, reason: 'Always.' }],
    })
    await api.refused(409, 'EnvironmentFrozen', 'POST', '/v1/deployments', wish)
    await put('production', { branch: 'main', freezes: [over] })
    expect((await api.call('POST', '/v1/deployments', wish)).status).toBe(202)
    for (const wrong of [
      { from: at(1000), to: at(0), reason: 'x' },
      { cron: '0 0 31 2 *', seconds: 60, reason: 'x' },
      { cron: '* * * * *', seconds: 60, timeZone: 'Mars/Base', reason: 'x' },
      { cron: '* * * * *', seconds: 1e9, reason: 'x' },
    ]) {
      const path = `/v1/services/${shop}/environments/production`
      await api.refused(422, 'ValidationFailed', 'PUT', path, { branch: 'main', freezes: [wrong] })
    }
  })

  it('where none may wait, a deployment that runs is', async () => {
    await put('production', { branch: 'main', queue: 'reject' })
    api.lanes.busy = `${shop}.production.1 has not ended.`
    const wish = { serviceId: shop, environment: 'production' }
    await api.refused(409, 'EnvironmentBusy', 'POST', '/v1/deployments', wish)
    const { body } = await push()
    expect(await settled(body.id)).toMatchObject({ outcome: 'rejected' })
    await put('production', { branch: 'main', queue: null })
    expect((await api.call('POST', '/v1/deployments', wish)).status).toBe(202)
    expect(enqueued()[0]).toMatchObject({ trigger: 'api', queue: 'every' })
  })

  it('what the preflight finds is the outcome', async () => {
    api.findings.push({ code: 'RefNotFound', message: 'There is no such branch.', link: '', fix: null })
    const { body } = await push()
    const { results } = await settled(body.id)
    expect(results[0]).toMatchObject({ outcome: 'rejected' })
    expect(results[0]?.reason).toContain('There is no such branch.')
  })
})

describe('approval', () => {
  it('is given to a deployment that waits for it, and to no other', async () => {
    await put('production', { branch: 'main', approval: { within: 600 } })
    const { id } = await deploy(api, shop)
    expect(api.lanes.enqueued.at(-1)).toMatchObject({ approvalTimeout: 600_000 })
    await api.refused(409, 'NotWaiting', 'POST', `/v1/deployments/${id}/approve`)
    await api.store.deployments.started(id, { runId: 'run', at: new Date() })
    await api.store.deployments.approval(id, { waiting: true, detail: 'waits' })
    expect((await api.store.deployments.unfinished()).map((one) => one.id)).toContain(id)
    const approved = await api.call('POST', `/v1/deployments/${id}/approve`)
    expect(approved).toMatchObject({ status: 202, body: { status: 'WAITING_APPROVAL' } })
    expect(api.lanes.answered).toEqual([{ deploymentId: id, approved: true, by: 'api', reason: null }])
    await api.store.deployments.approval(id, { waiting: false, detail: 'approved' })
    expect((await api.store.deployments.find(id))?.status).toBe('RUNNING')
    await api.refused(404, 'DeploymentNotFound', 'POST', `/v1/deployments/${shop}.production.99/approve`)
  })

  /** A deployment that waits for approval, and how to answer it. */
  async function asked() {
    await put('production', { branch: 'main', approval: { within: 600 } })
    const { id } = await deploy(api, shop)
    await api.store.deployments.started(id, { runId: 'run', at: new Date() })
    await api.store.deployments.approval(id, { waiting: true, detail: 'waits' })
    const answer = (which: 'approve' | 'reject') => api.call('POST', `/v1/deployments/${id}/${which}`)
    const answered = () => api.lanes.answered.filter((one) => one.deploymentId === id)
    return { id, answer, answered }
  }

  it('is answered once: who comes later is told so, and the deployment never hears of it', async () => {
    const { id, answer, answered } = await asked()
    expect((await answer('approve')).status).toBe(202)
    const path = `/v1/deployments/${id}/reject`
    const { body } = await api.refused(409, 'AlreadyAnswered', 'POST', path, { reason: 'no' })
    expect(body.detail).toMatch(/ was approved by api at 20\S+Z\. .*sluice cancel/)
    expect((await answer('approve')).status).toBe(202)
    expect(answered().map(({ approved }) => approved)).toEqual([true, true])

    const next = await asked()
    expect((await next.answer('reject')).status).toBe(202)
    const late = await api.refused(409, 'AlreadyAnswered', 'POST', `/v1/deployments/${next.id}/approve`)
    expect(late.body.detail).toContain('was rejected by api')
    expect(next.answered()).toMatchObject([{ approved: false }])
  })

  it('of several at once only one answer counts', async () => {
    const { answer, answered } = await asked()
    const given = ['approve', 'reject', 'approve', 'reject', 'reject', 'approve'] as const
    const answers = await Promise.all(given.map(answer))
    const accepted = given.filter((_, index) => answers[index]!.status === 202)
    expect(new Set(accepted).size).toBe(1)
    expect(new Set(answered().map(({ approved }) => approved)).size).toBe(1)
  })

  it('is passed on by the same answer again, when that failed the first time', async () => {
    const { id, answer, answered } = await asked()
    api.lanes.down = true
    expect((await answer('approve')).status).toBe(503)
    api.lanes.down = false
    await api.refused(409, 'AlreadyAnswered', 'POST', `/v1/deployments/${id}/reject`)
    expect(answered()).toEqual([])
    expect((await answer('approve')).status).toBe(202)
    expect(answered()).toEqual([{ deploymentId: id, approved: true, by: 'api', reason: null }])
  })
})

describe('every forge', () => {
  const forges = [
    ['github', githubPush],
    ['gitlab', gitlabPush],
    ['gitea', giteaPush],
    ['forgejo', giteaPush],
    ['bitbucket', bitbucketPush],
  ] as const

  test.each(forges)('%s deploys by a push that it signs, and by nothing else', async (forge, payload) => {
    const text = JSON.stringify(payload({ after: sha(5) }))
    const headers: Record<string, string> = signed[forge](secret, text)
    const to = `${forge}/${shop}`
    const [name] = Object.keys(headers).filter((one) => /signature|token/.test(one))
    const right = headers[name!]!
    const { [name!]: _, ...unsigned } = headers
    const other = signed[forge]('another-secret-of-them', text)
    const wrong: Record<string, string>[] = [
      unsigned,
      { ...unsigned, [name!]: '' },
      { ...unsigned, [name!]: right.slice(0, -2) },
      { ...unsigned, [name!]: `${right}00` },
      { ...unsigned, [name!]: right.replace(/.$/, (last) => (last === '0' ? '1' : '0')) },
      other,
    ]
    for (const one of wrong) expect((await deliver(fresh(), to, text, one)).status).toBe(401)
    // GitLab's plain token says nothing about the body.
    if (forge !== 'gitlab') {
      const spaced = JSON.stringify(JSON.parse(text), undefined, 1)
      expect((await deliver(fresh(), to, spaced, headers)).status).toBe(401)
    }
    expect(enqueued()).toEqual([])
    const { status, body } = await deliver(api, to, text, headers)
    expect(status).toBe(202)
    expect(await settled(body.id)).toMatchObject({ outcome: 'deployed', provider: forge })
    expect((await deliver(api, to, text, headers)).status).toBe(200)
    expect(enqueued()).toMatchObject([{ environment: 'production', commitSha: sha(5) }])
  })

  test.each(forges)('%s: tags and deleted branches deploy nothing', async (forge, payload) => {
    const event = { gitlab: 'Tag Push Hook' }[forge as string]
    for (const [options, reason] of [
      [{ ref: 'refs/tags/v1' }, 'tags deploy nothing'],
      [{ after: zeros }, 'was deleted'],
    ] as const) {
      const text = JSON.stringify(payload(options))
      const named = 'ref' in options ? event : undefined
      const answer = await deliver(api, `${forge}/${shop}`, text, signed[forge](secret, text, named))
      expect(answer).toMatchObject({ status: 200, body: { outcome: 'ignored' } })
      expect(answer.body.results[0]?.reason).toContain(reason)
    }
    expect(enqueued()).toEqual([])
  })

  test.each([
    ['github', 'ping', 'whether anybody is there'],
    ['bitbucket', 'diagnostics:ping', 'whether anybody is there'],
    ['github', 'issues', 'only pushes and pull requests do'],
    ['gitlab', 'Merge Request Hook', 'The pull request cannot be read'],
    ['gitea', 'delete', 'only pushes and pull requests do'],
  ] as const)('%s may send %s', async (forge, event, reason) => {
    const text = JSON.stringify({ zen: 'Keep it logically awesome.' })
    const answer = await deliver(api, `${forge}/${shop}`, text, signed[forge](secret, text, event))
    expect(answer).toMatchObject({ status: 200, body: { outcome: 'ignored', event } })
    expect(answer.body.results[0]?.reason).toContain(reason)
  })

  test("GitLab's signing token is of now, and a wrong one is not made good by the plain token", async () => {
    const text = JSON.stringify(gitlabPush())
    const now = Math.floor(Date.now() / 1000)
    const to = `gitlab/${shop}`
    for (const at of [now - 600, now + 600]) {
      const old = { ...signedStandard(secret, text, at), 'x-gitlab-token': secret }
      expect((await deliver(fresh(), to, text, old)).status).toBe(401)
    }
    const right = signedStandard(secret, text, now)
    expect((await deliver(fresh(), to, `${text} `, right)).status).toBe(401)
    const several = { ...right, 'webhook-signature': `v1,AAAA v1a,x ${right['webhook-signature']}` }
    expect((await deliver(api, to, text, several)).status).toBe(202)
    expect((await deliver(api, to, text, right)).status).toBe(200)
  })

  test('GitHub may send a form', async () => {
    const text = new URLSearchParams({ payload: JSON.stringify(githubPush()) }).toString()
    const headers = {
      ...signed.github(secret, text),
      'content-type': 'application/x-www-form-urlencoded',
    }
    expect((await deliver(api, `github/${shop}`, text, headers)).status).toBe(202)
  })

  /** An app of its own counts bad signatures from zero. */
  const fresh = () => {
    const app = createApp({ ...api.deps, stopping: AbortSignal.abort() })
    return { raw: async (to: string, init?: RequestInit) => app.request(to, init) }
  }
})

describe('the endpoint', () => {
  it('says the same of a service that is not there as of a wrong signature', async () => {
    const text = JSON.stringify(githubPush())
    const nobody = await deliver(api, 'github/nobody', text, signed.github(secret, text))
    await api.call('DELETE', `/v1/services/${shop}/webhook`)
    const off = await deliver(api, `github/${shop}`, text, signed.github(secret, text))
    expect(nobody).toMatchObject({ status: 401, body: { code: 'BadSignature' } })
    expect(off).toMatchObject({ status: 401, body: { code: 'BadSignature' } })
  })

  it.each([
    ['{"ref":', 422],
    ['[]', 422],
    ['null', 422],
    [JSON.stringify({ ...githubPush(), after: '--upload-pack=x' }), 422],
    [JSON.stringify({ ...githubPush(), ref: 7 }), 422],
    [`{"__proto__":{"ref":"x"}}`, 422],
    ['\uFFFF'.repeat(2_000_000), 413],
  ])('refuses what no forge sends, though it is signed: %#', async (text, status) => {
    const answer = await deliver(api, `github/${shop}`, text, signed.github(secret, text))
    expect(answer.status).toBe(status)
    expect((await deliveries()).data).toEqual([])
  })

  it('refuses compressed bodies and forges that it does not know', async () => {
    const text = JSON.stringify(githubPush())
    const headers = { ...signed.github(secret, text), 'content-encoding': 'br' }
    expect((await deliver(api, `github/${shop}`, text, headers)).status).toBe(415)
    expect((await deliver(api, `sourceforge/${shop}`, text, headers)).status).toBe(404)
    expect((await deliver(api, `github/..%2f${shop}`, text, headers)).status).toBe(404)
  })

  it('slows down whoever guesses', async () => {
    const app = createApp({ ...api.deps, stopping: AbortSignal.abort() })
    const guess = () => app.request(`/v1/webhooks/github/${shop}`, { method: 'POST', body: '{}' })
    const statuses = []
    for (let at = 0; at < 25; at++) statuses.push((await guess()).status)
    expect(new Set(statuses)).toEqual(new Set([401, 429]))
  })

  it('shows the secret once and keeps it sealed', async () => {
    const url = `/v1/services/${shop}/webhook`
    expect((await api.call('GET', url)).text).not.toContain(secret)
    expect(await api.call('GET', url)).toMatchObject({
      body: { configured: true, urls: { github: `http://127.0.0.1:7700/v1/webhooks/github/${shop}` } },
    })
    const stored = await api.store.webhooks.secret(shop)
    expect(stored?.sealed).not.toContain(secret.slice(6, 20))
    expect(api.logged.join('')).not.toContain(secret)
    const own = await api.call('PUT', url, { secret: 'one-of-the-forge-itself' })
    expect(own.body).toMatchObject({ secret: 'one-of-the-forge-itself' })
    const text = JSON.stringify(githubPush())
    expect((await deliver(api, `github/${shop}`, text, signed.github(secret, text))).status).toBe(401)
    await api.refused(422, 'ValidationFailed', 'PUT', url, { secret: 'short' })
    await api.refused(404, 'ServiceNotFound', 'PUT', '/v1/services/nobody/webhook', {})
  })

  it('keeps deliveries of one service from another', async () => {
    const { body } = await push({ ref: 'refs/heads/else' })
    await addShop(api, `${shop}-two`)
    const other = `/v1/services/${shop}-two/deliveries/${body.id}/redeliver`
    await api.refused(404, 'DeliveryNotFound', 'POST', other)
    await api.refused(404, 'NotFound', 'POST', `/v1/services/${shop}/deliveries/..%2f1/redeliver`)
    await api.refused(409, 'NothingToDeliver', 'POST', `/v1/services/${shop}/deliveries/${body.id}/redeliver`)
    await api.refused(404, 'ServiceNotFound', 'GET', '/v1/services/nobody/deliveries')
  })
})

describe('the sweep', () => {
  it('finds a push that no forge has told of, once, and only that', async () => {
    const repository = makeRepository(api.root, shop)
    const first = execFileSync('git', ['-C', repository.directory, 'rev-parse', 'HEAD'], {
      encoding: 'utf8',
    }).trim()
    await api.call('PATCH', `/v1/services/${shop}`, {
      source: { kind: 'git', url: path.join(repository.directory) },
    })
    const look = async (untold = new Untold(0)) =>
      sweep(api.deps, (await api.store.services.find(shop))!, untold)
    expect(await look()).toBe(false)
    const missed = repository.commit({ 'new.txt': 'new' })
    // At first its forge may still be about to tell.
    const untold = new Untold(60_000)
    expect([await look(untold), await look(untold), untold.has(shop)]).toEqual([false, false, true])
    expect((await deliveries()).data).toEqual([])
    expect(await look()).toBe(true)
    expect(await look()).toBe(false)
    const [delivery] = (await deliveries()).data
    expect(await settled(delivery!.id)).toMatchObject({ provider: 'sweep', outcome: 'deployed' })
    expect(enqueued()).toMatchObject([{ environment: 'production', commitSha: missed, trigger: 'webhook' }])
    expect(missed).not.toBe(first)
    // The forge's own delivery comes late.
    expect(await push({ before: first, after: missed })).toMatchObject({
      status: 200,
      body: { outcome: 'ignored' },
    })
    const told = repository.commit({ 'new.txt': 'newer' })
    await settled((await push({ before: missed, after: told })).body.id)
    expect(await look()).toBe(false)
    expect(enqueued()).toHaveLength(2)
  }, 30_000)

  it('has an interval per service, and can be turned off', async () => {
    const url = `/v1/services/${shop}`
    expect(await api.call('PATCH', url, { sweepSeconds: 0 })).toMatchObject({ body: { sweepSeconds: 0 } })
    expect(await api.call('PATCH', url, { sweepSeconds: null })).toMatchObject({
      body: { sweepSeconds: null },
    })
    await api.refused(422, 'ValidationFailed', 'PATCH', url, { sweepSeconds: 1 })
  })
})

it('the signature that the tests make is that of the documentation', () => {
  // The example of GitHub's own documentation.
  expect(hmac("It's a Secret to Everybody", 'Hello, World!')).toBe(
    '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
  )
})
