import { createHash } from 'node:crypto'
import { createRoute } from '@hono/zod-openapi'
import {
  archiveParamsSchema,
  archiveQuerySchema,
  archiveTypes,
  archiveUrlSchema,
  type ArchiveUrl,
} from '../../contract/archive.ts'
import { archiveUrlContext } from '../../contract/names.ts'
import type { ReceivedArchive } from '../../ports/archives.ts'
import { neededCommits } from '../../ports/needed-code.ts'
import { acceptDeployment, locationOf, type Wish } from '../accept-deployment.ts'
import { needs } from '../authorise.ts'
import type { AppDeps } from '../deps.ts'
import { findEnvironment, findService } from '../find.ts'
import type { Metrics } from '../metrics.ts'
import {
  acceptedDeployment,
  bodyOf,
  bodyProblems,
  commonProblems,
  idempotencyHeaders,
  newRouter,
  problems,
} from '../openapi.ts'
import { invalid } from '../validation.ts'

export const archivesPath = '/services/:serviceId/environments/:environment/archives'

/** A body that is the archive itself. */
const binary = { schema: { type: 'string', format: 'binary' }, example: '(the bytes of app.tar.gz)' } as const

const create = createRoute({
  method: 'post',
  path: archivesPath.replaceAll(/:(\w+)/g, '{$1}'),
  operationId: 'deployArchive',
  ...needs('deployer'),
  summary: 'Deploy an archive',
  description:
    'The body is the archive: tar, tar.gz, tar.zst, zip, JAR or WAR, told apart by its content. One folder around everything is taken off. Every entry is looked at before the answer: what is wrong with it names the entry, and nothing is kept. Or the body is JSON with the `url` of an archive, which the host fetches. `commitSha` of the deployment is the sum of the archive, `sha256:…`.',
  tags: ['deployments'],
  request: {
    params: archiveParamsSchema,
    query: archiveQuerySchema,
    headers: idempotencyHeaders,
    body: {
      ...bodyOf(archiveUrlSchema, { url: 'https://example.com/releases/shop-2.tar.gz' }, false),
      content: {
        ...bodyOf(archiveUrlSchema, { url: 'https://example.com/releases/shop-2.tar.gz' }).content,
        ...Object.fromEntries(archiveTypes.map((type) => [type, binary])),
      },
    },
  },
  responses: { 202: acceptedDeployment, ...problems(404, 409), ...bodyProblems, ...commonProblems },
})

export const archiveRoutes = (deps: AppDeps, { accepted }: Pick<Metrics, 'accepted'>) =>
  newRouter().openapi(create, async (c) => {
    const names = c.req.valid('param')
    const service = await findService(deps, names.serviceId)
    const environment = await findEnvironment(deps, names)
    const upload = c.get('upload')
    const code = upload
      ? await kept(deps, names.serviceId, upload, c.req.valid('query').name ?? 'upload')
      : // The types know a validated body only where JSON is all that is taken.
        await urlRef(deps, names.serviceId, c.req.valid('json' as never) as Partial<ArchiveUrl>)
    const wish: Wish = { service, environment, trigger: 'archive', by: c.get('caller').name, ...code }
    const deployment = await acceptDeployment({ ...deps, accepted }, wish, c.get('enqueueId'))
    return c.json(deployment, 202, locationOf(deployment))
  })

async function kept(
  { archives, store }: Pick<AppDeps, 'archives' | 'store'>,
  serviceId: string,
  upload: ReceivedArchive,
  name: string,
): Promise<Pick<Wish, 'ref' | 'commitSha'>> {
  const { id } = await upload.keep(name)
  // Deployments that fail never come to the clean-up that does this.
  await archives.prune(serviceId, [id, ...(await neededCommits(store, serviceId))])
  return { ref: name, commitSha: id }
}

/** The ref shows the url without its query, where storages have their signatures, and with the sum that is asked for. */
async function urlRef(
  { store, secrets }: Pick<AppDeps, 'store' | 'secrets'>,
  serviceId: string,
  { url: text, sha256 }: Partial<ArchiveUrl>,
): Promise<Pick<Wish, 'ref'>> {
  if (text === undefined)
    throw invalid([{ pointer: '/url', message: 'is missing; or send the archive itself as the body' }])
  const url = new URL(text)
  url.hash = ''
  const marks = [
    ...(sha256 === undefined ? [] : [`sha256=${sha256}`]),
    ...(url.search === ''
      ? []
      : [`query=${createHash('sha256').update(url.href).digest('hex').slice(0, 12)}`]),
  ]
  const ref = `${url.origin}${url.pathname}${marks.length > 0 ? `#${marks.join('&')}` : ''}`
  if (url.search !== '')
    await store.archiveUrls.put(serviceId, ref, secrets.seal(url.href, archiveUrlContext(serviceId, ref)))
  return { ref }
}
