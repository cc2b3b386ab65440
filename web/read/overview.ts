import type { Deployment } from '../../contract/deployment.ts'
import type { Environment, Service } from '../../contract/service.ts'
import { isFinal } from '../../contract/vocabulary.ts'
import { pathOf, type Api } from '../api.ts'

export interface Overview {
  services: { service: Service; environments: EnvironmentState[] }[]
}

/** An environment with what goes on in it. */
export interface EnvironmentState {
  environment: Environment
  /** The deployment whose release is live; undefined when it is no longer among the newest. */
  live: Deployment | undefined
  running: Deployment | undefined
  queued: Deployment[]
  /** The newest that has ended. */
  last: Deployment | undefined
}

/** Deployments of an environment that are looked at: enough for what runs, waits and ended last. */
const looked = 8

export async function readOverview(api: Api): Promise<Overview> {
  const { data: services } = await api.get<{ data: Service[] }>('/services')
  return {
    services: await Promise.all(
      services.map(async (service) => ({ service, environments: await readEnvironments(api, service) })),
    ),
  }
}

/** The environments of a service, production first. */
export async function readEnvironments(api: Api, { serviceId }: Service): Promise<EnvironmentState[]> {
  const { data } = await api.get<{ data: Environment[] }>(`${pathOf('services', serviceId)}/environments`)
  const rank = ({ environment }: Environment) => (environment === 'production' ? 0 : 1)
  return Promise.all(data.toSorted((a, b) => rank(a) - rank(b)).map((one) => readState(api, one)))
}

export async function readState(api: Api, environment: Environment): Promise<EnvironmentState> {
  const query = new URLSearchParams({
    serviceId: environment.serviceId,
    environment: environment.environment,
    limit: String(looked),
  })
  const { data } = await api.get<{ data: Deployment[] }>(`/deployments?${query}`)
  return {
    environment,
    live: data.find(({ live }) => live),
    running: data.find(({ status }) => status === 'RUNNING' || status === 'WAITING_APPROVAL'),
    queued: data.filter(({ status }) => status === 'QUEUED').toReversed(),
    last: data.find(({ status }) => isFinal(status)),
  }
}
