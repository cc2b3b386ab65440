import type { Badge } from '../../contract/badge.ts'
import type { CronEntry } from '../../contract/cron.ts'
import type { Process } from '../../contract/process.ts'
import type { Release } from '../../contract/deployment.ts'
import type { Environment, Service, Variable } from '../../contract/service.ts'
import { pathOf, type Api } from '../api.ts'
import { readState, type EnvironmentState } from './overview.ts'

export interface EnvironmentView {
  service: Service
  state: EnvironmentState
  variables: Variable[]
  releases: Release[]
  badge: Badge
  processes: Process[]
  cron: CronEntry[]
}

export async function readEnvironment(
  api: Api,
  serviceId: string,
  environment: string,
): Promise<EnvironmentView> {
  const path = pathOf('services', serviceId, 'environments', environment)
  const found = await api.get<Environment>(path)
  const [service, state, variables, releases, badge, processes, cron] = await Promise.all([
    api.get<Service>(pathOf('services', serviceId)),
    readState(api, found),
    api.get<{ data: Variable[] }>(`${path}/variables`),
    api.get<{ data: Release[] }>(`${path}/releases`),
    api.get<Badge>(`${path}/badge`),
    api.get<{ data: Process[] }>(`${path}/processes`),
    api.get<{ data: CronEntry[] }>(`${path}/cron`),
  ])
  return {
    service,
    state,
    variables: variables.data,
    releases: releases.data,
    badge,
    processes: processes.data,
    cron: cron.data,
  }
}
