import type { Deployment, LogLine, Release } from '../../contract/deployment.ts'
import type { Environment, Service } from '../../contract/service.ts'
import type { DeploymentDiff } from '../../contract/diff.ts'
import { ApiProblem, pathOf, type Api } from '../api.ts'
import type { LogPage } from '../streams.ts'

export interface DeploymentView {
  deployment: Deployment
  /** Undefined when it was taken away since. */
  service: Service | undefined
  environment: Environment | undefined
  /** The one that this deployment built, or brought back. */
  release: Release | undefined
  /** Where a rollback of the live deployment would go: there is an older release on the disk. */
  hasEarlierRelease: boolean
  /** Between the live one and this; undefined for the live one itself, and before the fetch. */
  difference: DeploymentDiff | undefined
  /** What the failed step printed last. */
  lastLines: LogLine[]
}

/** Lines beside a failure; and pages of 1000 lines that are read to find them. */
const shownLines = 15
const mostPages = 10

export async function readDeploymentView(api: Api, id: string): Promise<DeploymentView> {
  const deployment = await api.get<Deployment>(pathOf('deployments', id))
  const servicePath = pathOf('services', deployment.serviceId)
  const environmentPath = servicePath + pathOf('environments', deployment.environment)
  const [service, environment, releases, lastLines] = await Promise.all([
    api.find<Service>(servicePath),
    api.find<Environment>(environmentPath),
    api.find<{ data: Release[] }>(`${environmentPath}/releases`),
    linesOfFailure(api, deployment),
  ])
  const kept = (releases?.data ?? []).filter((one) => one.kept && !one.live)
  return {
    deployment,
    service,
    environment,
    release: releases?.data.find(({ releaseId }) => releaseId === deployment.releaseId),
    difference: await differenceOf(api, deployment, environment?.live?.deploymentId),
    hasEarlierRelease: kept.some(({ createdAt }) => createdAt < (deployment.startedAt ?? '')),
    lastLines,
  }
}

async function differenceOf(
  api: Api,
  { id, releaseId }: Deployment,
  liveId: string | undefined,
): Promise<DeploymentDiff | undefined> {
  if (liveId === undefined || liveId === id || releaseId === null) return undefined
  try {
    return await api.find<DeploymentDiff>(`${pathOf('deployments', liveId)}/diff${pathOf(id)}`)
  } catch (error) {
    // One of the two has no release, as yet or any more.
    if (error instanceof ApiProblem && error.problem.status === 409) return undefined
    throw error
  }
}

async function linesOfFailure(api: Api, { id, failure }: Deployment): Promise<LogLine[]> {
  if (!failure?.step) return []
  let lines: LogLine[] = []
  let after: number | null = 0
  for (let page = 0; after !== null && page < mostPages; page++) {
    const read: LogPage = await api.get(
      `${pathOf('deployments', id)}/logs?step=${failure.step}&limit=1000&after=${after}`,
    )
    lines = [...lines, ...read.data].slice(-shownLines)
    after = read.nextAfter
  }
  return lines
}
