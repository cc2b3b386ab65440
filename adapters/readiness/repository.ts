import type { Secrets } from '../../ports/secrets.ts'
import type { Repository } from '../../ports/source.ts'
import type { ServiceRow } from '../../ports/store.ts'

/** @throws Error when the credentials cannot be opened. */
export function repositoryOf(
  secrets: Pick<Secrets, 'open'>,
  { serviceId, source, sealedCredentials }: ServiceRow,
): Repository {
  if (sealedCredentials === null) return { serviceId, url: source.url, credentials: null }
  const opened = secrets.open(sealedCredentials, `${serviceId}/source`)
  const colon = opened.indexOf(':')
  const credentials = { username: opened.slice(0, colon), password: opened.slice(colon + 1) }
  return { serviceId, url: source.url, credentials }
}
