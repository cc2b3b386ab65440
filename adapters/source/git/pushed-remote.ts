import { stat } from 'node:fs/promises'
import path from 'node:path'
import { serviceIdSchema } from '../../../contract/service.ts'
import { SourceError } from '../../../ports/source.ts'
import type { Remote } from './remote.ts'

/**
 * The service's own repository, read where it lies. Another host would read it from the API's smart HTTP instead:
 * this is the one place that knows.
 * @throws SourceError RefNotFound before the first push
 */
export async function pushedRemote(serviceId: string, repositories: string | undefined): Promise<Remote> {
  if (repositories === undefined) {
    throw new SourceError('RepositoryUnreachable', `${serviceId} is pushed to another host than this one.`)
  }
  const folder = path.join(repositories, `${serviceIdSchema.parse(serviceId)}.git`)
  if (await stat(path.join(folder, 'HEAD')).catch(() => undefined)) {
    return { kind: 'local', path: folder, shown: `the pushed repository of ${serviceId}` }
  }
  throw new SourceError(
    'RefNotFound',
    `Nothing has been pushed to ${serviceId} yet. \`sluice git-remote ${serviceId}\` says where to push to.`,
  )
}
