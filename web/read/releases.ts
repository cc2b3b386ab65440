import type { Deployment, Release } from '../../contract/deployment.ts'
import type { Environment, Service } from '../../contract/service.ts'
import { pathOf, type Api } from '../api.ts'

export interface ReleasesView {
  service: Service
  environment: Environment
  /** With the deployment that built each, where that is among the last hundred. */
  releases: { release: Release; built: Deployment | undefined }[]
  /** How many there are beside those. */
  more: number
}

/** Releases of the page: with its buttons each takes about 1.5 KB. */
const shown = 50

export async function readReleases(api: Api, serviceId: string, name: string): Promise<ReleasesView> {
  const path = pathOf('services', serviceId, 'environments', name)
  const wanted = new URLSearchParams({
    ...{ serviceId, environment: name, includeArchived: 'true', limit: '100' },
  })
  const [service, environment, { data }, deployments] = await Promise.all([
    api.get<Service>(pathOf('services', serviceId)),
    api.get<Environment>(path),
    api.get<{ data: Release[] }>(`${path}/releases`),
    api.get<{ data: Deployment[] }>(`/deployments?${wanted}`),
  ])
  const byId = new Map(deployments.data.map((one) => [one.id, one]))
  return {
    service,
    environment,
    releases: data.slice(0, shown).map((release) => ({ release, built: byId.get(release.deploymentId) })),
    more: Math.max(0, data.length - shown),
  }
}
