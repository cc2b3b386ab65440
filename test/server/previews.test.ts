import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Preview, PreviewRule } from '../../contract/preview.ts'
import type { Environment, Variable } from '../../contract/service.ts'
import type { Delivery } from '../../contract/webhook.ts'
import { createApp } from '../../server/app.ts'
import { meansBranch } from '../../server/previews/branch-pattern.ts'
import { sweep, Untold } from '../../server/webhooks/sweep.ts'
import { makeRepository } from '../e2e/repository.ts'
import { addShop, deploy, end, startApi, type Api } from './api.ts'
import { deliver, githubPush, makeSecret, sha, signed } from './forge.ts'
import {
  bitbucketRequest,
  eventNames,
  giteaRequest,
  githubRequest,
  gitlabRequest,
  type RequestOptions,
} from './pull-requests.ts'

let api: Api
beforeAll(async () => {
  api = await startApi()
}, 60_000)
afterAll(() => api.stop())

let shop: string
let secret: string
let count = 0
beforeEach(async () => {
  shop = `pulls${++count}`
  await addShop(api, shop)
  await api.call('PUT', `${service()}/environments/staging`, { branch: 'main' })
  secret = await makeSecret(api, shop)
})
afterEach(() => {
  api.lanes.down = false
})

const service = () => `/v1/services/${shop}`
const environment = (name: string) => `${service()}/environments/${name}`
const rule = (body: Partial<PreviewRule> = {}) =>
  api.call<PreviewRule>('PUT', `${service()}/preview-rule`, { enabled: true, ...body })

/** What GitHub would send. */
async function tell(options: RequestOptions = {}, id: string = randomUUID()) {
  const text = JSON.stringify(githubRequest(options))
  return deliver(api, `github/${shop}`, text, signed.github(secret, text, 'pull_request', id))
}

async function settled(id: string): Promise<Delivery> {
  for (;;) {
    const { body } = await api.call<{ data: Delivery[] }>('GET', `${service()}/deliveries?limit=100`)
    const found = body.data.find((one) => one.id === id)
    if (found?.settledAt) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const outcome = async (options: RequestOptions = {}) => {
  const told = await tell(options)
  const { outcome: word, results } = await settled(told.body.id)
  return `${word}: ${results[0]?.reason}`
}

const previews = async () =>
  (await api.call<{ data: Preview[] }>('GET', `${service()}/previews`)).body.data.map(
    ({ environment: name }) => name,
  )

const enqueued = () =>
  api.lanes.enqueued
    .filter(({ serviceId }) => serviceId === shop)
    .map(({ environment: name, ref, commitSha }) => [name, ref, commitSha])

async function until(what: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 50))
}

/** Time passes for the previews of this shop. */
async function expire(): Promise<void> {
  const client = new pg.Client({ connectionString: api.databaseUrl })
  await client.connect()
  await client.query(`update previews set expires_at = now() where service_id = $1`, [shop])
  await client.end()
}

describe('the preview of a pull request', () => {
  it('is made when it is opened, deployed again when it is pushed to, and removed when it is closed', async () => {
    expect((await rule()).body).toMatchObject({ variablesFrom: 'staging', allowForks: false, ttl: 604_800 })
    expect((await tell()).status).toBe(202)
    expect(await outcome({ action: 'synchronize', head: sha(13) })).toBe(
      'deployed: Preview pr-12 of pull request 12.',
    )
    expect(enqueued()).toEqual([
      ['pr-12', 'larger-buttons', sha(12)],
      ['pr-12', 'larger-buttons', sha(13)],
    ])
    const list = await api.call<{ data: Preview[] }>('GET', `${service()}/previews`)
    expect(list.body.data).toMatchObject([
      {
        ...{ environment: 'pr-12', number: 12, title: 'Larger buttons', state: 'open', fromFork: false },
        serviceUrl: `http://${shop}-pr-12.localhost:8080/`,
        url: 'https://git.example.com/acme/shop/pull/12',
      },
    ])
    for (const number of [1, 2]) await end(api, `${shop}.pr-12.${number}`, 'SUCCEEDED')
    expect(await outcome({ action: 'closed' })).toBe(
      'removed: Pull request 12 was closed: preview pr-12 is removed.',
    )
    expect(await previews()).toEqual([])
    expect((await api.call('GET', environment('pr-12'))).status).toBe(404)
    expect(api.lanes.tornDown).toContainEqual(
      expect.objectContaining({ serviceId: shop, environment: 'pr-12', number: 2 }),
    )
    // Numbers are never given twice, so a late step of the earlier life is refused.
    expect(await outcome({ action: 'reopened', head: sha(13) })).toContain('deployed')
    expect(api.lanes.enqueued.at(-1)).toMatchObject({ environment: 'pr-12', numberFloor: 3 })
  })

  it('that is deployed while it is closed is canceled first, and by the next server if this one dies', async () => {
    await rule()
    await outcome()
    const id = `${shop}.pr-12.1`
    await api.store.deployments.started(id, { runId: 'run', at: new Date() })
    const closed = await tell({ action: 'closed' })
    await until(() => api.lanes.canceled.includes(id))
    await until(async () => (await api.store.deployments.find(id))?.cancelRequested?.by === 'previews')
    await until(async () =>
      (await api.call('GET', `${service()}/deliveries`)).text.includes('is being removed'),
    )
    expect(await previews()).toEqual(['pr-12'])
    // Its lane is needed until it has ended.
    expect(api.lanes.forgotten).not.toContain(`${shop}/pr-12`)
    // While Temporal is away nothing is lost.
    api.lanes.down = true
    await end(api, id, 'CANCELED')
    await until(() => api.logged.some((line) => line.includes('still to be removed') && line.includes(shop)))
    expect(await previews()).toEqual(['pr-12'])
    createApp(api.deps)
    api.lanes.down = false
    expect(await settled(closed.body.id)).toMatchObject({ outcome: 'removed' })
    expect(await previews()).toEqual([])
  })

  it('goes when its lifetime is over, and comes back with the next push', async () => {
    await rule({ ttl: 60 })
    const told = await tell()
    await settled(told.body.id)
    await end(api, `${shop}.pr-12.1`, 'FAILED')
    await expire()
    await until(async () => (await previews()).length === 0)
    expect(await outcome({ action: 'synchronize', head: sha(14) })).toContain('deployed')
    expect(await previews()).toEqual(['pr-12'])
  })

  it('is left alone by an event that came before its end was told', async () => {
    await rule()
    api.lanes.down = true
    const opened = await tell()
    await until(() => api.logged.some((line) => line.includes('a delivery waits') && line.includes(shop)))
    const closed = await tell({ action: 'closed' })
    await until(async () => (await api.store.previews.find(shop, 'pr-12'))?.closedAt !== null)
    api.lanes.down = false
    expect(await settled(closed.body.id)).toMatchObject({ outcome: 'removed' })
    expect(await settled(opened.body.id)).toMatchObject({
      outcome: 'ignored',
      results: [{ reason: 'A later event told something else of pull request 12.' }],
    })
    expect(enqueued()).toEqual([])
    expect(await previews()).toEqual([])
  }, 30_000)

  it('is deployed by the sweep when nobody told of a push, and then not once more', async () => {
    const { directory, branch, commit } = makeRepository(api.root, shop)
    await api.call('PATCH', service(), { source: { kind: 'git', url: directory } })
    await rule()
    branch('buttons')
    const heads = [commit({ 'version.txt': '1' }), commit({ 'version.txt': '2' })]
    expect(await outcome({ branch: 'buttons', head: heads[0]! })).toContain('deployed')
    expect(await sweep(api.deps, (await api.store.services.find(shop))!, new Untold(0))).toBe(true)
    createApp(api.deps)
    await until(() => enqueued().length === 2)
    expect(enqueued()[1]).toEqual(['pr-12', 'buttons', heads[1]])
    const late = { branch: 'buttons', head: heads[1]!, action: 'synchronize' } as const
    expect(await outcome(late)).toContain('has been told of commit')
  })

  it('is removed by hand, and with the rule', async () => {
    await rule()
    for (const number of [1, 2]) await outcome({ number, branch: `b${number}`, head: sha(20 + number) })
    for (const number of [1, 2]) await end(api, `${shop}.pr-${number}.1`, 'FAILED')
    const removed = await api.call<Preview>('DELETE', `${service()}/previews/pr-1`)
    expect(removed).toMatchObject({
      status: 202,
      body: { state: 'closing', closedReason: 'Removed by api.' },
    })
    await until(async () => (await previews()).join() === 'pr-2')
    await api.refused(404, 'PreviewNotFound', 'DELETE', `${service()}/previews/pr-1`)
    await api.refused(404, 'PreviewNotFound', 'DELETE', `${service()}/previews/production`)
    expect((await api.call('DELETE', `${service()}/preview-rule`)).status).toBe(204)
    await until(async () => (await previews()).length === 0)
    await api.refused(404, 'PreviewRuleNotFound', 'GET', `${service()}/preview-rule`)
  })
})

describe('no preview is made', () => {
  it('of what the rule does not mean, and the log says why', async () => {
    expect(await outcome()).toContain('ignored: Previews are off for this service')
    await rule({ branches: ['feature/*', 'fix-*-now'], targetBranches: ['main'] })
    expect(await outcome({ branch: 'feature' })).toContain('ignored: Previews are made of other branches')
    expect(await outcome({ branch: 'feature/x', into: 'release' })).toContain(
      'into other branches than release',
    )
    expect(await outcome({ branch: 'feature/x', action: 'labeled' })).toContain('Nothing was pushed')
    expect(await outcome({ branch: 'feature/a$(id)' })).toContain('is not accepted here')
    expect(await outcome({ action: 'closed' })).toBe(
      'ignored: Pull request 12 was closed: it had no preview.',
    )
    await rule({ enabled: false })
    expect(await outcome({ branch: 'feature/x' })).toContain('ignored: Previews are off')
    expect(enqueued()).toEqual([])
    expect(await previews()).toEqual([])
  })

  it('of a fork, unless that is allowed; and never with a secret', async () => {
    await rule()
    await api.call('PATCH', `${service()}/variables`, { set: { SHARED_KEY: 'of all' } })
    await api.call('PATCH', `${service()}/variables`, { set: { REGION: 'eu' }, secret: false })
    await api.call('PUT', environment('staging'), {
      branch: 'main',
      config: { start: 'node x.js', environment: { INTERNAL: 'x' } },
    })
    await api.call('PATCH', `${environment('staging')}/variables`, { set: { DATABASE_URL: 'secret' } })
    await api.call('PATCH', `${environment('production')}/variables`, { set: { PAYMENT_KEY: 'secret' } })
    expect(await outcome({ fork: true })).toBe(
      'ignored: Pull request 12 is from a fork: forks get no preview.',
    )
    expect(enqueued()).toEqual([])
    await rule({ allowForks: true })
    expect(await outcome({ fork: true })).toContain('deployed')
    expect(enqueued()).toEqual([['pr-12', 'refs/pull/12/head', sha(12)]])
    const shown = async (name: string) =>
      (await api.call<{ data: Variable[] }>('GET', `${environment(name)}/variables`)).body.data.map(
        ({ name: variable, inheritedFrom }) => [variable, inheritedFrom],
      )
    expect(await shown('pr-12')).toEqual([['REGION', shop]])
    const fork = await api.call<Environment>('GET', environment('pr-12'))
    expect(fork.body).toMatchObject({ config: { start: 'node x.js' }, preview: { secrets: false } })
    expect(fork.body.config).not.toHaveProperty('environment')
    // Of the service's own people: staging's and the service's, but nothing of production.
    await outcome({ number: 13, branch: 'ours', head: sha(14) })
    expect(await shown('pr-13')).toEqual([
      ['DATABASE_URL', `${shop}/staging`],
      ['REGION', shop],
      ['SHARED_KEY', shop],
    ])
    const sealed = await api.store.variables.effective(shop, 'pr-13')
    expect(sealed.map(({ name }) => name)).not.toContain('PAYMENT_KEY')
    // Another base counts at once.
    await rule({ variablesFrom: null })
    expect(await shown('pr-13')).toEqual([
      ['REGION', shop],
      ['SHARED_KEY', shop],
    ])
  })

  it('beyond the number that may be open', async () => {
    await rule({ maxOpen: 1 })
    expect(await outcome({ number: 1 })).toContain('deployed')
    expect(await outcome({ number: 2, head: sha(2) })).toBe(
      'rejected: 1 previews are open, as many as may be. Close one, or raise maxOpen.',
    )
    // The one that is there goes on.
    expect(await outcome({ number: 1, action: 'synchronize', head: sha(3) })).toContain('deployed')
    expect(await previews()).toEqual(['pr-1'])
  })

  it('in the place of an environment that somebody has made, which no closed request removes', async () => {
    await api.call('PUT', environment('pr-12'), { branch: 'main' })
    await rule()
    expect(await outcome()).toContain('is no preview: it is left alone')
    expect(await outcome({ action: 'closed' })).toContain('is no preview: it is left alone')
    await deploy(api, shop, 'pr-12')
    await api.refused(404, 'PreviewNotFound', 'DELETE', `${service()}/previews/pr-12`)
    await expect(
      api.store.environments.put({
        ...(await api.store.environments.find(shop, 'pr-12'))!,
        preview: { variablesFrom: null, secrets: true },
      }),
    ).rejects.toThrow('is no preview')
    expect((await api.call<Environment>('GET', environment('pr-12'))).body.preview).toBeNull()
  })

  it('twice: the same delivery, the same commit, and a push to its branch deploy nothing more', async () => {
    await rule()
    const id = randomUUID()
    const answers = await Promise.all([tell({}, id), tell({}, id)])
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
    await settled(answers[0].body.id)
    expect(await outcome({ action: 'synchronize' })).toBe(
      `ignored: pr-12 has been told of commit ${sha(12).slice(0, 7)} already.`,
    )
    const text = JSON.stringify(githubPush({ ref: 'refs/heads/larger-buttons', after: sha(12) }))
    const pushed = await deliver(api, `github/${shop}`, text, signed.github(secret, text))
    expect(pushed.body.results[0]?.reason).toContain('No environment is deployed from branch larger-buttons')
    expect(enqueued()).toHaveLength(1)
    const again = `${service()}/deliveries/${answers[0].body.id}/redeliver`
    const second = await api.call<Delivery>('POST', again, undefined, { 'idempotency-key': 'once' })
    expect(await settled(second.body.id)).toMatchObject({ outcome: 'deployed' })
  })
})

it.each([
  ['github', githubRequest],
  ['gitlab', gitlabRequest],
  ['gitea', giteaRequest],
  ['forgejo', giteaRequest],
  ['bitbucket', bitbucketRequest],
] as const)('%s opens, updates and closes a preview, and forks get none', async (forge, payload) => {
  await rule()
  const send = async (options: RequestOptions) => {
    const text = JSON.stringify(payload(options))
    const event = eventNames[forge](options.action ?? 'opened')
    const told = await deliver(api, `${forge}/${shop}`, text, signed[forge](secret, text, event))
    const { outcome: word, results } = await settled(told.body.id)
    return `${word}: ${results[0]?.reason}`
  }
  const commit = (number: number) => (forge === 'bitbucket' ? undefined : sha(number))
  expect(await send({ number: 7, fork: true })).toContain('ignored: Pull request 7 is from a fork')
  expect(await send({ number: 7, head: sha(5) })).toBe('deployed: Preview pr-7 of pull request 7.')
  // Bitbucket says nothing of what has changed, but that it has: the commit tells.
  const same = await send({ number: 7, action: 'labeled', head: sha(5) })
  expect(same).toContain(forge === 'bitbucket' ? 'has been told of commit' : 'Nothing was pushed')
  const next = `${'6'.repeat(12)}${sha(6).slice(12)}`
  expect(await send({ number: 7, action: 'synchronize', head: next })).toContain('deployed')
  expect(enqueued()).toEqual([
    ['pr-7', 'larger-buttons', commit(5)],
    ['pr-7', 'larger-buttons', forge === 'bitbucket' ? undefined : next],
  ])
  for (const number of [1, 2]) await end(api, `${shop}.pr-7.${number}`, 'SUCCEEDED')
  expect(await send({ number: 7, action: 'closed', head: next })).toContain('removed: Pull request 7')
})

describe('the rule', () => {
  it('does not take what would give too much away, or means nothing', async () => {
    const rows: [string, object, string][] = [
      ["production's variables", { variablesFrom: 'production' }, '/variablesFrom'],
      ['those of an environment that is not there', { variablesFrom: 'nowhere' }, '/variablesFrom'],
      ['a lifetime of no time', { ttl: 0 }, '/ttl'],
      ['a pattern that is a command', { branches: ['$(id)'] }, '/branches/0'],
      ['a regular expression', { branches: ['(a+)+$'] }, '/branches/0'],
      ['a domain without a number', { domain: 'shop.example.com' }, '/domain'],
      ['a domain with two numbers', { domain: 'pr-{number}.{number}.example.com' }, '/domain'],
      ['a domain that is an address', { domain: '127.0.0.{number}' }, '/domain'],
      ['no room at all', { maxOpen: 0 }, '/maxOpen'],
      ['something else', { secretsFrom: 'production' }, '/secretsFrom'],
    ]
    for (const [what, body, pointer] of rows) {
      const to = `${service()}/preview-rule`
      const refused = await api.refused(422, 'ValidationFailed', 'PUT', to, { enabled: true, ...body })
      expect(refused.body.errors?.[0]?.pointer, what).toBe(pointer)
    }
    await api.refused(404, 'PreviewRuleNotFound', 'GET', `${service()}/preview-rule`)
  })

  it('gives each preview a host name, which no other has', async () => {
    await rule({ domain: `pr-{number}.${shop}.example.com` })
    await outcome()
    const { body } = await api.call<Environment>('GET', environment('pr-12'))
    expect(body.domains).toEqual([`pr-12.${shop}.example.com`])
    await api.call('PUT', environment('production'), {
      branch: 'main',
      domains: [`pr-13.${shop}.example.com`],
    })
    expect(await outcome({ number: 13 })).toContain('rejected: DomainTaken')
    await api.refused(404, 'ServiceNotFound', 'PUT', '/v1/services/nowhere/preview-rule', { enabled: true })
  })
})

it('a pattern means what it says, however it is made', () => {
  expect(meansBranch([], 'x')).toBe(true)
  const cases: [string, string, boolean][] = [
    ['main', 'main', true],
    ['main', 'main2', false],
    ['feature/*', 'feature/', true],
    ['feature/*', 'features/x', false],
    ['*-fix', 'a-fix', true],
    ['*-fix', 'a-fixed', false],
    ['a*b*c', 'a1b2b3c', true],
    ['a*b*c', 'acb', false],
    ['ab*ba', 'aba', false],
    ['*', '', true],
    ['**', 'x', true],
  ]
  for (const [pattern, branch, wanted] of cases)
    expect(meansBranch([pattern], branch), `${pattern} ${branch}`).toBe(wanted)
  expect(meansBranch(['a*'.repeat(100)], `${'a'.repeat(199)}b`)).toBe(true)
  expect(meansBranch([`${'a*'.repeat(100)}c`], 'a'.repeat(200))).toBe(false)
})
