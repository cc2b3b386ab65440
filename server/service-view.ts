import type { Service } from '../contract/service.ts'
import type { EnvironmentRow, ServiceRow } from '../ports/store.ts'

/** A service as the API shows it: never with a password. */
export function serviceView(row: ServiceRow, environments: readonly EnvironmentRow[]): Service {
  const { kind, url } = row.source
  return {
    serviceId: row.serviceId,
    source: { kind, url: row.sealedCredentials ? url.replace('://', '://***@') : url },
    repoFullName: row.repoFullName,
    sweepSeconds: row.sweepSeconds ?? null,
    environments: environments
      .filter(({ serviceId }) => serviceId === row.serviceId)
      .map((one) => one.environment),
    createdAt: row.createdAt.toISOString(),
  }
}
