import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Client } from '@temporalio/client'
import { pino } from 'pino'
import { expect } from 'vitest'
import { gitRepositories } from '../../adapters/repositories/git/index.ts'
import { keyFileSecrets } from '../../adapters/secrets/key-file/index.ts'
import { archiveSource } from '../../adapters/source/archive/index.ts'
import { gitSource } from '../../adapters/source/git/index.ts'
import { thisHost } from '../../adapters/host/index.ts'
import { temporalTaskQueues } from '../../adapters/temporal/task-queues.ts'
import { temporalRuns } from '../../adapters/temporal/runs.ts'
import { temporalSchedules } from '../../adapters/temporal/schedules.ts'
import { lazyConnection } from '../../adapters/temporal/lazy-connection.ts'
import { postgresStore } from '../../adapters/store/postgres/index.ts'
import type { Deployment, Finding } from '../../contract/deployment.ts'
import { problemSchema, type Problem } from '../../contract/problems.ts'
import type { Store } from '../../ports/store.ts'
import { createApp } from '../../server/app.ts'
import type { AppDeps } from '../../server/deps.ts'
import { createDatabase, startPostgres, type TestPostgres } from '../postgres.ts'
import { recordLanes, type RecordedLanes } from './recorded-lanes.ts'

export const token = 'slc_test-token-of-the-server-tests'

export interface Answer<T = unknown> {
  status: number
  headers: Headers
  body: T
  text: string
}

/** The real app on a real database; only what would need Temporal is recorded instead. */
export interface Api {
  app: ReturnType<typeof createApp>
  /** What the app works with, for a second one that works with the same. */
  deps: AppDeps
  store: Store
  databaseUrl: string
  lanes: RecordedLanes
  /** Of this Sluice: no router listens there. */
  home: string
  /** Folder that uploaded archives go to. */
  archives: string
  /** Folder of the repositories that are pushed to. */
  pushed: string
  /** Folder whose repositories may be deployed. */
  root: string
  /** What the next preflight finds. */
  findings: Finding[]
  postgres: TestPostgres
  logged: string[]
  stopping: AbortController
  call<T = unknown>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<T>>
  /** As `call`, but expects a problem of that status and code, and that it is a correct one. */
  refused(
    status: number,
    code: string,
    ...request: [method: string, path: string, body?: unknown, headers?: Record<string, string>]
  ): Promise<Answer<Problem>>
  raw(path: string, init?: RequestInit): Promise<Response>
  stop(): Promise<void>
}

/** Nothing is started there; without an address there is no Temporal. */
const clientOf = (address = '127.0.0.1:1') => new Client({ connection: lazyConnection({ address }) })

export async function startApi(
  settings: Partial<AppDeps['settings']> = {},
  dashboardOf?: (deps: Pick<AppDeps, 'secrets' | 'store' | 'now'>) => NonNullable<AppDeps['dashboard']>,
  temporalAddress?: string,
): Promise<Api> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-server-'))
  const postgres = await startPostgres()
  const databaseUrl = await createDatabase(postgres.url)
  const store = await postgresStore({ databaseUrl, poolSize: 8 })
  const secrets = await keyFileSecrets(path.join(folder, 'keys.json'))
  const root = await mkdtemp(path.join(folder, 'repositories-'))
  const archives = path.join(folder, 'archives')
  const repositories = path.join(folder, 'pushed')
  const lanes = recordLanes()
  const findings: Finding[] = []
  const logged: string[] = []
  const stopping = new AbortController()
  const client = clientOf(temporalAddress)
  const now = () => new Date()
  const deps: AppDeps = {
    store,
    secrets,
    lanes,
    schedules: temporalSchedules(client),
    taskQueues: temporalTaskQueues(client),
    thisHost: thisHost({ home: folder, leastFree: 1 }),
    runs: temporalRuns(client),
    source: gitSource({
      mirrors: path.join(folder, 'mirrors'),
      repositories,
      sourceRoots: [root],
      privateHosts: [],
    }),
    repositories: gitRepositories({ directory: repositories }),
    archives: archiveSource({
      directory: archives,
      limit: 8 * 1024 ** 2,
      privateHosts: [],
    }),
    readiness: { check: () => Promise.resolve([...findings]), databases: () => Promise.resolve([]) },
    settings: {
      apiAddress: '127.0.0.1',
      archiveLimit: 8 * 1024 ** 2,
      host: 'local',
      privateHosts: [],
      routerPort: 8080,
      sourceRoots: [root],
      url: 'http://127.0.0.1:7700',
      ...settings,
    },
    token,
    log: pino({ level: 'debug' }, { write: (line) => void logged.push(line) }),
    now,
    stopping: stopping.signal,
    ...(dashboardOf ? { dashboard: dashboardOf({ secrets, store, now }) } : {}),
  }
  const app = createApp(deps)

  const call = async <T>(
    method: string,
    to: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) => {
    const response = await app.request(to, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '')
    const { status, headers: got } = response
    return { status, headers: got, text, body: (isJson && text !== '' ? JSON.parse(text) : undefined) as T }
  }

  return {
    app,
    deps,
    pushed: repositories,
    store,
    home: folder,
    databaseUrl,
    lanes,
    root,
    archives,
    findings,
    postgres,
    logged,
    stopping,
    call,
    async refused(status, code, ...request) {
      const answer = await call<Problem>(...request)
      expect(answer.body).toMatchObject({ status, code })
      expectProblem(answer)
      return answer
    },
    raw: async (to, init) => app.request(to, init),
    async stop() {
      stopping.abort()
      await store.close()
      await client.connection.close()
      await postgres.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** RFC 9457, with Sluice's own members. */
export function expectProblem({ status, headers, body }: Answer<Problem>): void {
  expect(headers.get('content-type')).toBe('application/problem+json')
  expect(problemSchema.parse(body)).toEqual(body)
  expect(body.status).toBe(status)
  expect(headers.get('x-request-id')).toBe(body.requestId)
  expect(body.detail).not.toBe('')
}

/** A service with one environment, ready to be deployed. */
export async function addShop(api: Api, serviceId = 'shop', environment = 'production'): Promise<void> {
  const url = 'https://git.example.com/acme/shop.git'
  expect(await api.call('POST', '/v1/services', { serviceId, source: { kind: 'git', url } })).toMatchObject({
    status: 201,
  })
  const path = `/v1/services/${serviceId}/environments/${environment}`
  expect(await api.call('PUT', path, { branch: 'main' })).toMatchObject({ status: 201 })
}

export async function deploy(api: Api, serviceId = 'shop', environment = 'production'): Promise<Deployment> {
  const answer = await api.call<Deployment>('POST', '/v1/deployments', { serviceId, environment })
  expect(answer.status).toBe(202)
  return answer.body
}

const sha = (number: number) => number.toString(16).padStart(40, '0')

/** Brings a deployment live in the store, as its activities would. */
export async function succeed(
  api: Api,
  { id, number, serviceId, environment }: Deployment,
  commitSha = sha(number),
  commitMessage = 'a change',
): Promise<void> {
  const { deployments, releases } = api.store
  await deployments.started(id, { runId: 'run', at: new Date() })
  await releases.record({
    releaseId: `${serviceId}.${environment}.r${number}`,
    deploymentId: id,
    serviceId,
    environment,
    number,
    commitSha,
    commitMessage,
    plan: { start: { command: 'node server.js', reason: 'a test' }, processes: {} } as never,
    sealedVariables: [],
  })
  for (const step of [
    'preflight',
    'fetch',
    'install',
    'build',
    'validate',
    'migrate',
    'reload',
    'switch',
  ] as const) {
    await deployments.stepStarted(id, step, 1)
    await deployments.stepFinished(id, step, { status: 'SUCCEEDED', detail: null })
  }
  await deployments.markLive({ serviceId, environment, number, deploymentId: id, releaseNumber: number })
  await end(api, id, 'SUCCEEDED')
}

export const end = (api: Api, id: string, status: 'SUCCEEDED' | 'FAILED' | 'CANCELED') =>
  api.store.deployments.finish(id, { status, compensation: 'NONE', failure: null, step: null })
