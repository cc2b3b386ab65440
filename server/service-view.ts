import type { Service } from '../contract/service.ts'
import type { EnvironmentRow, ServiceRow } from '../ports/store.ts'
import type { AppDeps } from './deps.ts'

/** A service as the API shows it: never with a password. */
export function serviceView(
  { settings }: Pick<AppDeps, 'settings'>,
  row: ServiceRow,
  environments: readonly EnvironmentRow[],
): Service {
  return {
    serviceId: row.serviceId,
    source: sourceView(row),
    repoFullName: row.repoFullName,
    sweepSeconds: row.sweepSeconds ?? null,
    pushUrl: row.source.kind === 'push' ? pushUrl(settings, row.serviceId) : null,
    environments: environments
      .filter(({ serviceId }) => serviceId === row.serviceId)
      .map((one) => one.environment),
    createdAt: row.createdAt.toISOString(),
  }
}

function sourceView({ source, sealedCredentials }: ServiceRow): Service['source'] {
  if (source.kind === 'push' || sealedCredentials === null) return source
  return { ...source, url: source.url.replace('://', '://***@') }
}

/** With a user name, so that git asks for nothing but the token. */
function pushUrl({ url }: AppDeps['settings'], serviceId: string): string {
  const full = new URL(`git/${serviceId}.git`, url.endsWith('/') ? url : `${url}/`)
  full.username = 'sluice'
  return full.href
}
