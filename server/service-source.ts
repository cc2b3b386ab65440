import type { ServiceSource } from '../contract/service.ts'
import type { Caller } from '../contract/token.ts'
import type { ServiceRow } from '../ports/store.ts'
import type { AppDeps } from './deps.ts'
import { credentialsContext } from '../contract/names.ts'
import { localRepository } from './local-repository.ts'
import { parseRepositoryUrl, RepositoryUrlError } from './repository-url.ts'
import { invalid } from './validation.ts'

/**
 * What is stored of a source. Looks at the url before anything is spawned or written, and takes the password out of it.
 * @throws Refusal ValidationFailed
 */
export async function sourceColumns(
  { settings, secrets }: Pick<AppDeps, 'settings' | 'secrets'>,
  serviceId: string,
  source: ServiceSource,
  caller: Caller,
): Promise<Pick<ServiceRow, 'source' | 'sealedCredentials' | 'repoFullName'>> {
  try {
    const { kind, url, credentials, repoFullName } = parseRepositoryUrl(source.url, settings.privateHosts)
    if (kind === 'local' && caller.serviceId !== null) throw new RepositoryUrlError(notForOne)
    const sealedCredentials =
      credentials &&
      secrets.seal(`${credentials.username}:${credentials.password}`, credentialsContext(serviceId))
    const stored = kind === 'local' ? await localRepository(url, settings.sourceRoots) : url
    return { source: { kind: 'git', url: stored }, sealedCredentials, repoFullName }
  } catch (error) {
    if (!(error instanceof RepositoryUrlError)) throw error
    throw invalid([{ pointer: '/source/url', message: error.message }])
  }
}

/** Which repositories of this machine belong to which service is not written down anywhere. */
const notForOne =
  'The url is a repository of this machine, which only a token of all services may name. Ask an admin.'
