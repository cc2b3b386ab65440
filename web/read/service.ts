import type { Deployment } from '../../contract/deployment.ts'
import type { Preview, PreviewRule } from '../../contract/preview.ts'
import type { Service } from '../../contract/service.ts'
import { pathOf, type Api } from '../api.ts'
import { readEnvironments, type EnvironmentState } from './overview.ts'

export interface ServiceView {
  service: Service
  environments: EnvironmentState[]
  /** Undefined where there are none to be. */
  previewRule: PreviewRule | undefined
  previews: Preview[]
  deployments: Deployment[]
  nextCursor: string | null
  /** As the address has them. */
  filter: Record<FilterName, string>
  /** The newest, whatever the filter says; for the charts. */
  history: Deployment[]
}

const filterNames = ['environment', 'status', 'trigger', 'includeArchived', 'cursor'] as const
export type FilterName = (typeof filterNames)[number]

/** Deployments that the charts look back on. */
const lookedBack = 50

export async function readService(api: Api, id: string, query: Record<string, string>): Promise<ServiceView> {
  const service = await api.get<Service>(pathOf('services', id))
  const filter = Object.fromEntries(filterNames.map((name) => [name, query[name] ?? ''])) as Record<
    FilterName,
    string
  >
  const { serviceId } = service
  const chosen = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ''))
  const wanted = new URLSearchParams({ serviceId, limit: '20', ...chosen })
  const all = new URLSearchParams({ serviceId, limit: String(lookedBack), includeArchived: 'true' })
  const [environments, page, history, previewRule, previews] = await Promise.all([
    readEnvironments(api, service),
    api.get<{ data: Deployment[]; nextCursor: string | null }>(`/deployments?${wanted}`),
    api.get<{ data: Deployment[] }>(`/deployments?${all}`),
    api.find<PreviewRule>(`${pathOf('services', serviceId)}/preview-rule`),
    api.get<{ data: Preview[] }>(`${pathOf('services', serviceId)}/previews`),
  ])
  return {
    service,
    environments,
    previewRule,
    previews: previews.data,
    deployments: page.data,
    nextCursor: page.nextCursor,
    filter,
    history: history.data,
  }
}
