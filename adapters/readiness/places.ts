import type { Finding } from '../../contract/deployment.ts'
import type { Target } from './target.ts'

/** Where below the environment's page something is put right; on its top unless it stands here. */
const places: Readonly<Record<string, string>> = {
  VariableMissing: '#variables',
  VariableUnreadable: '#variables',
  DatabaseUnreachable: '#variables',
  RefNotFound: '#settings',
  DomainTaken: '#settings',
  ReleaseGone: '#releases',
  // The plan stands there, with what it asks for and why.
  ToolMissing: '/check',
}

/** The finding with a link to the page of the dashboard where it is put right, unless it names one itself. */
export function placed({ serviceId, environment }: Target, finding: Finding): Finding {
  if (finding.link !== finding.guide) return finding
  return { ...finding, link: pageOf(finding.code, serviceId, environment) }
}

function pageOf(code: string, serviceId: string, environment: string): string {
  if (code === 'ServiceMissing') return '/new'
  const service = `/services/${encodeURIComponent(serviceId)}`
  if (code === 'EnvironmentMissing') return service
  return `${service}/environments/${encodeURIComponent(environment)}${places[code] ?? ''}`
}
