import type { Context, MiddlewareHandler } from 'hono'
import { archiveParamsSchema, archiveTypes } from '../contract/archive.ts'
import type { AppDeps, AppEnv } from './deps.ts'
import { findEnvironment } from './find.ts'
import { Refusal } from './refusal.ts'
import { isJson, refuseEncoded } from './request-body.ts'

/**
 * Takes a body that is an archive to the disk as it comes, never into memory. From then on its sum stands for the
 * body, also for `Idempotency-Key`. Whatever the answer, only what was kept stays on the disk.
 */
export const archiveUpload =
  (deps: Pick<AppDeps, 'store' | 'archives' | 'settings'>): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    if (c.req.method !== 'POST' || isJson(c)) return next()
    refuseEncoded(c)
    refuseOtherTypes(c)
    // What is wrong with the names is said by the route, once it is certain that nothing is read.
    const names = archiveParamsSchema.safeParse(c.req.param())
    if (!names.success) return next()
    await findEnvironment(deps, names.data)
    refuseTooLarge(c, deps.settings.archiveLimit)
    const received = await deps.archives.receive(names.data.serviceId, uploaded(c.req.raw.body))
    try {
      c.set('upload', received)
      const sum = new TextEncoder().encode(received.id)
      Object.assign(c.req.bodyCache, { arrayBuffer: Promise.resolve(sum.buffer) })
      await next()
    } finally {
      await received.discard()
    }
  }

async function* uploaded(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (!body) return
  try {
    yield* body
  } catch {
    throw new Refusal(400, 'UploadCutOff', 'The upload ended in the middle. Send it again.')
  }
}

function refuseTooLarge(c: Context, limit: number): void {
  if (Number(c.req.header('content-length') ?? 0) <= limit) return
  throw new Refusal(
    413,
    'ArchiveTooLarge',
    `The archive is larger than ${limit} bytes. Leave out what is installed or built, or raise SLUICE_ARCHIVE_LIMIT.`,
    { headers: { Connection: 'close' } },
  )
}

/** A form around the file would be taken for a part of it. */
function refuseOtherTypes(c: Context): void {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  // `curl -T` says nothing of it, and the route wants to be told.
  if (!type) return c.req.raw.headers.set('content-type', archiveTypes[0])
  if (archiveTypes.some((known) => known === type)) return
  throw new Refusal(
    415,
    'UnsupportedMediaType',
    'Send the archive itself as the body, with Content-Type: application/octet-stream (`curl -T app.tar.gz -X POST`), or JSON with its url.',
  )
}
