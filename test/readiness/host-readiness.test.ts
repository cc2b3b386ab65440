import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { hostPrograms } from '../../adapters/builder/native/host-programs.ts'
import { hostReadiness } from '../../adapters/readiness/index.ts'
import type { HostReadinessOptions } from '../../adapters/readiness/options.ts'
import { keyFileSecrets } from '../../adapters/secrets/key-file/index.ts'
import { postgresStore } from '../../adapters/store/postgres/index.ts'
import { failureOf } from '../../contract/failures.ts'
import { PlanError, type Plan } from '../../contract/plan.ts'
import type { RouteState } from '../../contract/routing.ts'
import type { Secrets } from '../../ports/secrets.ts'
import { SourceError } from '../../ports/source.ts'
import type { Repository } from '../../ports/source.ts'
import type { Store } from '../../ports/store.ts'
import { createDatabase, startPostgres } from '../postgres.ts'
import type { TestPostgres } from '../postgres.ts'
import { addEnvironment, addShop, queue } from '../store/shop.ts'

let postgres: TestPostgres
let store: Store
let secrets: Secrets
let folder: string

beforeAll(async () => {
  postgres = await startPostgres()
  store = await postgresStore({ databaseUrl: await createDatabase(postgres.url) })
  folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-readiness-'))
  secrets = await keyFileSecrets(path.join(folder, 'keys.json'))
})
afterAll(async () => {
  await store?.close()
  await postgres?.stop()
  await rm(folder, { recursive: true })
})
beforeEach(async () => {
  await store.services.remove('shop')
  await addShop(store)
})

const found = async (): Promise<string | undefined> => undefined
const check = (options: Partial<HostReadinessOptions> = {}, changes: object = {}, signal?: AbortSignal) =>
  hostReadiness({ store, secrets, source: { probe: found }, ...options }).check(
    { serviceId: 'shop', environment: 'production', ref: 'main', trigger: 'api', ...changes },
    signal,
  )
const seal = (name: string, value: string) => ({
  name,
  sealed: secrets.seal(value, `shop/production/${name}`),
  secret: true,
})
const route = (name: string, ...hosts: string[]): RouteState => ({
  route: name,
  hosts,
  fence: { deployment: 1, revision: 0 },
  target: null,
  changedAt: '2026-01-01T00:00:00Z',
})

test('nothing is found when everything is there', async () => {
  await store.variables.replace('shop', 'production', [seal('DATABASE_URL', postgres.url), seal('NAME', 'x')])
  const router = { list: () => Promise.resolve([route('shop/production', 'shop.localhost')]) }
  expect(await check({ home: folder, router })).toEqual([])
})

test('a missing service or environment is found with the command that makes it', async () => {
  expect(await check({}, { serviceId: 'nope' })).toMatchObject([
    { code: 'ServiceMissing', fix: expect.stringContaining('sluice ') },
  ])
  expect(await check({}, { environment: 'nope' })).toMatchObject([{ code: 'EnvironmentMissing' }])
})

test('every finding is answered, not only the first', async () => {
  await store.variables.replace('shop', 'production', [
    seal('A_URL', 'redis://127.0.0.1:1'),
    seal('B_URL', 'postgres://u:secret-pw@127.0.0.1:1/x'),
    { name: 'LOST', sealed: 'v1:9:AAAA', secret: true },
  ])
  const findings = await check({
    source: { probe: () => Promise.reject(new SourceError('RefNotFound', 'There is no branch main.')) },
    router: { list: () => Promise.reject(new Error('no router')) },
  })
  expect(findings.map(({ code }) => code)).toEqual([
    'RefNotFound',
    'VariableUnreadable',
    'DatabaseUnreachable',
    'DatabaseUnreachable',
    'RouterUnreachable',
  ])
  expect(JSON.stringify(findings)).not.toContain('secret-pw')
})

test('variables that are required and not set are found, each with its command and its place', async () => {
  const environment = (await store.environments.find('shop', 'production'))!
  const config = { requires: ['SECRET_KEY', 'NAME', 'PLAIN'], environment: { PLAIN: '1' } }
  await store.environments.put({ ...environment, config })
  await store.variables.replace('shop', 'production', [seal('NAME', 'x')])
  expect(await check()).toEqual([
    {
      code: 'VariableMissing',
      message: 'SECRET_KEY is not set, and the service requires it.',
      link: '/services/shop/environments/production#variables',
      guide: '/guides/when-a-deploy-fails#variable-missing',
      fix: 'sluice env set shop production SECRET_KEY=…',
    },
  ])
})

test('the plain variables of the configuration are checked unless the environment sets them', async () => {
  const environment = (await store.environments.find('shop', 'production'))!
  await store.environments.put({
    ...environment,
    config: { environment: { CACHE_URL: 'redis://127.0.0.1:1' } },
  })
  expect(await check()).toMatchObject([
    { code: 'DatabaseUnreachable', message: expect.stringMatching(/^CACHE_URL: /) },
  ])
  await store.variables.put('shop', 'production', seal('CACHE_URL', 'none'))
  expect(await check()).toEqual([])
})

test('the repository is asked for the commit of a retry, with the opened password', async () => {
  await store.services.change('shop', { sealedCredentials: secrets.seal('bot:to:ken', 'shop/source') })
  const asked: [Repository, string][] = []
  const probe = async (repository: Repository, ref: string) => {
    asked.push([repository, ref])
    return ref
  }
  await check({ source: { probe } }, { commitSha: 'a'.repeat(40) })
  expect(asked).toEqual([
    [
      {
        serviceId: 'shop',
        url: 'https://example.com/acme/shop.git',
        credentials: { username: 'bot', password: 'to:ken' },
      },
      'a'.repeat(40),
    ],
  ])
  await store.services.change('shop', { sealedCredentials: 'v1:1:AAAA' })
  expect(await check()).toMatchObject([{ code: 'CredentialsUnreadable' }])
})

const commit = 'c'.repeat(40)
const node: Plan['tools'] = [{ name: 'node', version: '4.0.0', reason: '.nvmrc says 4.0.0' }]
/** Programs of a host that is asked for `node`, by a source that knows the commit. */
const programs = (
  changes: Partial<NonNullable<HostReadinessOptions['programs']>> = {},
): Partial<HostReadinessOptions> => ({
  source: { probe: async () => commit },
  programs: {
    planOf: async (_target, _repository, asked) => {
      expect(asked).toBe(commit)
      return { tools: node } as Plan
    },
    unmet: hostPrograms(),
    patience: 5_000,
    ...changes,
  },
})

test('a version that the host does not have is a finding: what is asked for, by what, and what is there', async () => {
  expect(await check(programs())).toMatchObject([
    {
      code: 'ToolMissing',
      message: expect.stringMatching(
        /^node 4\.0\.0 is asked for \(\.nvmrc says 4\.0\.0\), but this host has \d+.*change what the repository asks for\.$/,
      ),
      link: '/services/shop/environments/production/check',
      guide: '/guides/when-a-deploy-fails#tool-missing',
      fix: 'sluice doctor',
    },
  ])
  const fetched = [{ ...node[0]!, fetch: { registry: 'npm', package: 'node', version: '4.0.0' } as const }]
  expect(await check(programs({ planOf: async () => ({ tools: fetched }) as unknown as Plan }))).toEqual([])
})

test('what the code requires is found too, and said once where the environment requires it as well', async () => {
  const environment = (await store.environments.find('shop', 'production'))!
  await store.environments.put({ ...environment, config: { requires: ['SECRET_KEY'] } })
  const plan = { tools: node, requires: ['SECRET_KEY', 'API_KEY', 'PLAIN'], environment: { PLAIN: '1' } }
  const findings = await check(programs({ planOf: async () => plan as unknown as Plan }))
  expect(findings.map(({ code, message }) => `${code} ${message.split(' ')[0]}`).toSorted()).toEqual([
    'ToolMissing node',
    'VariableMissing API_KEY',
    'VariableMissing SECRET_KEY',
  ])
})

test('a rollback asks for no program, since it builds nothing', async () => {
  const asked = vi.fn()
  await check(programs({ planOf: asked }), { trigger: 'rollback', releaseNumber: 1 })
  expect(asked).not.toHaveBeenCalled()
})

test('no plan, or none in time, is left to the deployment; what nobody expected is not', async () => {
  const failing = (thrown: Error) => {
    const planOf = async () => {
      throw thrown
    }
    return check(programs({ planOf }))
  }
  expect(await failing(new PlanError('NoPlan', 'nothing says how'))).toEqual([])
  expect(await failing(new SourceError('RefNotFound', 'gone meanwhile'))).toEqual([])
  expect(await check(programs({ planOf: () => new Promise(() => {}), patience: 20 }))).toEqual([])
  await expect(failing(new TypeError('a bug'))).rejects.toThrow('a bug')
})

test('an error that nobody can put right is thrown, to be tried again', async () => {
  const probe = () => Promise.reject(new Error('git was killed'))
  await expect(check({ source: { probe } })).rejects.toThrow('git was killed')
})

test('a migration of unknown outcome is in the way of all but rollbacks until somebody has answered', async () => {
  const id = await queue(store, 1)
  await store.deployments.stepStarted(id, 'migrate', 1)
  const failure = failureOf('MigrationOutcomeUnknown', 'lost')
  await store.deployments.finish(id, { status: 'FAILED', compensation: 'DONE', failure, step: 'migrate' })
  expect(await check()).toMatchObject([
    {
      code: 'MigrationUnresolved',
      message: expect.stringContaining(id),
      link: `/deployments/${id}`,
      guide: '/guides/when-a-deploy-fails#migration-unresolved',
      fix: expect.stringContaining(`sluice resolve ${id} --migrated`),
    },
  ])
  const rollback = await check({}, { trigger: 'rollback', releaseNumber: 1 })
  expect(rollback.map(({ code }) => code)).not.toContain('MigrationUnresolved')
  await store.deployments.resolveMigration(id, { answer: 'not-migrated', by: 'ada' })
  expect(await check()).toEqual([])
})

test('a rollback needs its release, not its branch, and checks the variables of that release', async () => {
  const source = { probe: () => Promise.reject(new SourceError('RefNotFound', 'gone')) }
  const rollback = { trigger: 'rollback', releaseNumber: 1 }
  expect(await check({ source }, rollback)).toMatchObject([{ code: 'ReleaseGone' }])
  await queue(store, 1)
  await store.releases.record({
    releaseId: 'shop.production.r1',
    deploymentId: 'shop.production.1',
    serviceId: 'shop',
    environment: 'production',
    number: 1,
    commitSha: 'a'.repeat(40),
    commitMessage: 'a',
    plan: { requires: ['SECRET_KEY'], environment: {} } as never,
    sealedVariables: [seal('OLD_URL', 'redis://127.0.0.1:1')],
  })
  expect(await check({ source }, rollback)).toMatchObject([
    { code: 'VariableMissing' },
    { message: expect.stringMatching(/^OLD_URL: /) },
  ])
  await store.releases.gone(['shop.production.r1'])
  expect((await check({ source }, rollback)).map(({ code }) => code)).toContain('ReleaseGone')
})

test('a domain that the router has given to another environment is found', async () => {
  await addEnvironment(store, 'shop', 'production', ['shop.example.com'])
  const router = {
    list: () => Promise.resolve([route('old/production', 'old.localhost', 'shop.example.com')]),
  }
  expect(await check({ router })).toMatchObject([
    { code: 'DomainTaken', message: expect.stringContaining('shop.example.com is routed to old/production') },
  ])
})

test('an aborted check rejects', async () => {
  await expect(check({}, {}, AbortSignal.abort(new Error('canceled')))).rejects.toThrow('canceled')
})

test('every link leads to a section of the guide', () => {
  const guide = readFileSync(path.join(import.meta.dirname, '../../docs/guides/before-a-deploy.md'), 'utf8')
  const source = readFileSync(path.join(import.meta.dirname, '../../adapters/readiness/findings.ts'), 'utf8')
  const failures = readFileSync(path.join(import.meta.dirname, '../../contract/failures.ts'), 'utf8')
  const codes = [...source.matchAll(/^ {2}\| '(\w+)'/gm)].map((match) => match[1]!)
  expect(codes.length).toBeGreaterThan(10)
  const here = codes.filter((code) => !failures.includes(`  ${code}: {`))
  const anchors = here.map((code) => code.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase())
  expect(anchors.filter((anchor) => !guide.includes(`\n## ${anchor}\n`))).toEqual([])
})
