import { mkdtempSync, chmodSync, readFileSync, existsSync } from 'node:fs'
import { request } from 'undici'
import path from 'node:path'
import type { Deployment } from '../../contract/deployment.ts'
import { isFinal } from '../../contract/vocabulary.ts'
import { makeRepository, type Repository } from './repository.ts'
import type { Sluice } from './sluice.ts'

/** A service on a running Sluice, with the repository that it is deployed from. */
export interface TestService {
  id: string
  repository: Repository
  /** Creates or changes an environment. */
  environment(name: string, change?: Record<string, unknown>): Promise<void>
  /** Starts a deployment and answers at once. */
  start(environment?: string, ref?: string): Promise<Deployment>
  /** Starts one and waits for its end. */
  deploy(environment?: string, ref?: string): Promise<Deployment>
  /** Asks the service itself, through the router. */
  get(path?: string, environment?: string): Promise<{ status: number; text: string }>
  /** Lines that its commands wrote into COUNT_FILE, counted. */
  counts(): Record<string, number>
}

export async function makeService(
  sluice: Sluice,
  root: string,
  id: string,
  options: { fixture?: string; variables?: Record<string, string> } = {},
): Promise<TestService> {
  const repository = makeRepository(root, id, options.fixture)
  // Services may run as users of their own.
  const scratch = mkdtempSync(path.join(root, 'scratch-'))
  chmodSync(scratch, 0o777)
  const countFile = path.join(scratch, 'counts')
  const variables = { COUNT_FILE: countFile, ...options.variables }
  await expectStatus(
    sluice.api('POST', '/v1/services', { serviceId: id, source: { kind: 'git', url: repository.directory } }),
    201,
  )

  const service: TestService = {
    id,
    repository,
    async environment(name, change = {}) {
      const body = { branch: 'main', variables, ...change }
      await expectStatus(sluice.api('PUT', `/v1/services/${id}/environments/${name}`, body), 200, 201)
    },
    async start(environment = 'production', ref) {
      const body = { serviceId: id, environment, ...(ref ? { ref } : {}) }
      return (await expectStatus(sluice.api('POST', '/v1/deployments', body), 202)) as Deployment
    },
    async deploy(environment, ref) {
      return finished(sluice, (await service.start(environment, ref)).id)
    },
    async get(at = '/', environment = 'production') {
      const host = environment === 'production' ? `${id}.localhost` : `${id}-${environment}.localhost`
      const answer = await request(`http://127.0.0.1:${sluice.routerPort}${at}`, { headers: { host } })
      return { status: answer.statusCode, text: await answer.body.text() }
    },
    counts() {
      if (!existsSync(countFile)) return {}
      const lines = readFileSync(countFile, 'utf8').trim().split('\n')
      return Object.fromEntries(
        Object.entries(Object.groupBy(lines, (line) => line)).map(([name, all]) => [name, all!.length]),
      )
    },
  }
  await service.environment('production')
  return service
}

export async function expectStatus(
  answering: ReturnType<Sluice['api']>,
  ...wanted: number[]
): Promise<unknown> {
  const { status, body } = await answering
  if (!wanted.includes(status)) throw new Error(`answered ${status}: ${JSON.stringify(body)}`)
  return body
}

export async function find(sluice: Sluice, id: string): Promise<Deployment> {
  return (await expectStatus(sluice.api('GET', `/v1/deployments/${id}`), 200)) as Deployment
}

/** Waits for the end of a deployment. */
export const finished = (sluice: Sluice, id: string): Promise<Deployment> =>
  deploymentWhen(sluice, id, ({ status }) => isFinal(status))

/** Waits until a step runs. */
export const inStep = (sluice: Sluice, id: string, step: string): Promise<Deployment> =>
  deploymentWhen(sluice, id, ({ steps, status }) => {
    if (isFinal(status)) throw new Error(`${id} ended ${status} before ${step}`)
    return steps.some((one) => one.name === step && one.status === 'RUNNING')
  })

export async function deploymentWhen(
  sluice: Sluice,
  id: string,
  condition: (deployment: Deployment) => boolean,
  lookEveryMs = 40,
): Promise<Deployment> {
  for (;;) {
    const deployment = await find(sluice, id)
    if (condition(deployment)) return deployment
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 40))
}
