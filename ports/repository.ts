import { credentialsContext } from '../contract/names.ts'
import type { Secrets } from './secrets.ts'
import type { Repository } from './source.ts'
import type { ServiceRow } from './store.ts'

/** Where a service's code comes from, its password opened. @throws Error when the credentials cannot be opened. */
export function repositoryOf(
  secrets: Pick<Secrets, 'open'>,
  { serviceId, source, sealedCredentials }: ServiceRow,
): Repository {
  if (source.kind === 'push') return { serviceId, url: null, credentials: null }
  if (sealedCredentials === null) return { serviceId, url: source.url, credentials: null }
  const opened = secrets.open(sealedCredentials, credentialsContext(serviceId))
  const colon = opened.indexOf(':')
  const credentials = { username: opened.slice(0, colon), password: opened.slice(colon + 1) }
  return { serviceId, url: source.url, credentials }
}
