import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import path from 'node:path'
import type { Connection } from '@temporalio/client'
import { Client } from '@temporalio/client'
import { embeddedRouter } from '../../adapters/router/embedded/index.ts'
import { laneId, parseReleaseNumber, queryNames } from '../../contract/names.ts'
import type { Deployment } from '../../contract/deployment.ts'
import { homePaths } from '../../contract/settings.ts'
import { isFinal, type DeploymentStatus } from '../../contract/vocabulary.ts'
import type { QueueView } from '../../contract/workflows.ts'
import { processesWith } from '../e2e/remains.ts'
import { expectStatus, type TestService } from '../e2e/service.ts'
import type { Sluice } from '../e2e/sluice.ts'

/** How a deployment's workflow has to have ended. */
const closedAs: Partial<Record<DeploymentStatus, string>> = {
  SUCCEEDED: 'COMPLETED',
  FAILED: 'FAILED',
  CANCELED: 'CANCELLED',
}

export interface Agreed {
  /** Number of the live deployment; null when none is. */
  live: number | null
  /** Of all that were made, oldest first. */
  deployments: Deployment[]
}

/** Milliseconds that a last process, or a workflow whose outcome is recorded already, may take to end. */
const patience = 15_000

/**
 * The store, the disk, the router, Temporal and the processes of an environment that is at rest say the same, and
 * nothing is left of anything else. @throws Error with every point in which they differ
 */
export async function agreement(
  sluice: Sluice,
  connection: Connection,
  service: TestService,
  environment = 'production',
  { terminated = [] }: { terminated?: number[] } = {},
): Promise<Agreed> {
  const deadline = Date.now() + patience
  for (;;) {
    const found = await compare(sluice, connection, service, environment, terminated)
    if (found.differences.length === 0) return found
    if (Date.now() > deadline)
      throw new Error(`${service.id}/${environment} does not agree:\n${found.differences.join('\n')}`)
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

async function compare(
  sluice: Sluice,
  connection: Connection,
  service: TestService,
  environment: string,
  terminated: number[],
): Promise<Agreed & { differences: string[] }> {
  const differences: string[] = []
  const same = (what: string, found: unknown, wanted: unknown) => {
    const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)]
    if (a !== b) differences.push(`${what}: ${a} instead of ${b}`)
  }
  const at = `${service.id}/${environment}`
  const deployments = await deploymentsOf(sluice, service.id, environment)
  same(
    'unfinished',
    deployments.filter(({ status }) => !isFinal(status)).map(({ number, status }) => `${number} ${status}`),
    [],
  )
  const live = deployments.filter((one) => one.live).map(({ number }) => number)
  if (live.length > 1) differences.push(`live in the store: ${live.join(', ')}`)
  const number = live[0] ?? null
  same(
    'numbers',
    deployments.map((one) => one.number),
    [...new Set(deployments.map((one) => one.number))],
  )
  const instances = number === null ? [] : [`${at}/${number}`]

  const pointer = pointerOf(sluice, at)
  same('live pointer', pointer?.number ?? null, number)
  const releaseId = deployments.find((one) => one.live)?.releaseId
  same(
    'link current',
    linkOf(sluice, at),
    releaseId ? `releases/${parseReleaseNumber(releaseId)}` : undefined,
  )

  const router = embeddedRouter({ socketPath: homePaths(sluice.home).routerSocket })
  const route = await router.find(at)
  same('route', route?.target?.instance ?? null, instances[0] ?? null)
  same('port of the route', route?.target?.port ?? null, pointer?.port ?? null)

  same(
    'instances',
    namesIn(path.join(sluice.home, 'instances', at)).map((name) => `${at}/${name}`),
    instances,
  )
  same('ports', portsOf(sluice, `${at}/`), instances)
  same('jobs', namesIn(path.join(sluice.home, 'jobs', at)), [])
  const known = new Set(instances.flatMap((at) => processesWith(sluice, at)))
  const strangers = processesWith(sluice, at).filter((line) => !known.has(line))
  same('processes', strangers, [])
  const { data } = (await expectStatus(
    sluice.api('GET', `/v1/services/${service.id}/environments/${environment}/releases`),
    200,
  )) as { data: { releaseId: string; kept: boolean; live: boolean }[] }
  same(
    'releases on the disk',
    namesIn(path.join(sluice.home, 'environments', at, 'releases')).toSorted(byNumber),
    data
      .filter(({ kept }) => kept)
      .map((one) => String(parseReleaseNumber(one.releaseId)))
      .toSorted(byNumber),
  )

  const client = new Client({ connection })
  for (const one of deployments) {
    const wanted = terminated.includes(one.number) ? 'TERMINATED' : closedAs[one.status]
    const description = await client.workflow
      .getHandle(one.workflowId)
      .describe()
      .catch(() => undefined)
    // One that was canceled while it waited never had a workflow.
    if (description || one.startedAt) same(`workflow ${one.number}`, description?.status.name, wanted)
  }
  if (deployments.length > 0) {
    const queue = await client.workflow
      .getHandle(laneId(service.id, environment))
      .query<QueueView>(queryNames.queue)
    same('lane', queue, { running: null, waiting: [] })
  }
  if (number !== null) same('answer', (await service.get('/', environment)).status, 200)
  return { live: number, deployments, differences }
}

const byNumber = (a: string, b: string) => Number(a) - Number(b)

async function deploymentsOf(sluice: Sluice, serviceId: string, environment: string): Promise<Deployment[]> {
  const all: Deployment[] = []
  let cursor: string | null = null
  do {
    const query = new URLSearchParams({ serviceId, environment, limit: '100', ...(cursor ? { cursor } : {}) })
    const page = (await expectStatus(sluice.api('GET', `/v1/deployments?${query.toString()}`), 200)) as {
      data: Deployment[]
      nextCursor: string | null
    }
    all.push(...page.data)
    cursor = page.nextCursor
  } while (cursor)
  // The list is in the order in which they were asked for, which may differ where several were at once.
  return all.toSorted((a, b) => a.number - b.number)
}

function pointerOf(sluice: Sluice, at: string): { number: number; port: number } | null {
  const folder = path.join(sluice.home, 'environments', at, 'live')
  const names = namesIn(folder).map((name) => name.split('.').map(Number) as [number, number])
  const [newest] = names.toSorted(([a, b], [c, d]) => c - a || d - b)
  if (!newest) return null
  const text = readFileSync(path.join(folder, `${newest[0]}.${newest[1]}.json`), 'utf8')
  return (JSON.parse(text) as { live: { number: number; port: number } | null }).live
}

function linkOf(sluice: Sluice, at: string): string | undefined {
  try {
    return readlinkSync(path.join(sluice.home, 'environments', at, 'current'))
  } catch {
    return undefined
  }
}

function portsOf(sluice: Sluice, prefix: string): string[] {
  const register = path.join(sluice.home, 'instances', '.ports')
  return namesIn(register)
    .map((port) => readFileSync(path.join(register, port), 'utf8').trim())
    .filter((id) => id.startsWith(prefix))
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
