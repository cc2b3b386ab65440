import { createRoute, z } from '@hono/zod-openapi'
import {
  deploymentEventSchema,
  logLineSchema,
  type DeploymentEvent,
  type LogLine,
} from '../../contract/deployment.ts'
import { stepNames } from '../../contract/vocabulary.ts'
import { needs } from '../authorise.ts'
import type { AppDeps } from '../deps.ts'
import { jsonLines, serverSentEvents, streamResponse, type Format } from '../event-stream.ts'
import { findDeployment } from '../find.ts'
import { follow } from '../follow.ts'
import { sharedFeeds } from '../shared-feed.ts'
import type { Metrics } from '../metrics.ts'
import { commonProblems, deploymentParams, newRouter, problems } from '../openapi.ts'
import { invalid } from '../validation.ts'

const tags = ['deployments']
/** Largest `seq`: an integer column. */
const seq = z.coerce.number().int().min(0).max(2_147_483_647).openapi({ type: 'integer' })
const pageQuery = z.object({
  after: seq.default(0).describe('Only what comes after this `seq`; `Last-Event-ID` wins over it'),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(500)
    .describe('Of a JSON page; streams go on to the end'),
})
const headers = z.object({
  'last-event-id': z.string().optional().openapi({ description: 'Goes on after this `seq`' }),
})

const description = [
  'By `Accept`: `text/event-stream` (the standard) or `application/x-ndjson` follow the deployment until it has ended;',
  '`application/json` answers with a page of what there is.',
  'A stream closes with the event `end` (in NDJSON a last line of type `end`) that has the final status.',
].join(' ')

const pageOf = <T extends z.ZodType>(schema: T) =>
  z.object({ data: z.array(schema), nextAfter: z.number().int().nullable() })

const answers = <T extends z.ZodType>(schema: T, example: unknown) => ({
  200: {
    description: 'A stream, or a page',
    content: {
      'text/event-stream': {
        schema: z.string(),
        example: `id: 1\ndata: ${JSON.stringify(example)}\n\nevent: end\ndata: {"status":"SUCCEEDED"}\n\n`,
      },
      'application/x-ndjson': { schema: z.string(), example: `${JSON.stringify(example)}\n` },
      'application/json': { schema: pageOf(schema), example: { data: [example], nextAfter: null } },
    },
  },
  ...problems(404, 422),
  ...commonProblems,
})

const readLogs = createRoute({
  method: 'get',
  path: '/deployments/{deploymentId}/logs',
  operationId: 'readLogs',
  ...needs('viewer'),
  summary: 'What the steps printed',
  description,
  tags,
  request: {
    params: deploymentParams,
    headers,
    query: pageQuery.extend({ step: z.enum(stepNames).optional() }),
  },
  responses: answers(logLineSchema, {
    seq: 1,
    step: 'build',
    at: '2026-01-31T12:00:00.000Z',
    text: 'compiled',
  }),
})

const readEvents = createRoute({
  method: 'get',
  path: '/deployments/{deploymentId}/events',
  operationId: 'readEvents',
  ...needs('viewer'),
  summary: 'What changed',
  description,
  tags,
  request: { params: deploymentParams, headers, query: pageQuery },
  responses: answers(deploymentEventSchema, {
    seq: 1,
    at: '2026-01-31T12:00:00.000Z',
    type: 'queued',
    step: null,
    status: 'QUEUED',
    attempt: null,
    detail: null,
  }),
})

/** Bytes of text that are read at once for those who follow; a line may have 16 KiB. */
const pieceBytes = 1024 * 1024

interface Reading<T> {
  /** What it reads; the same for all who read the same. */
  key: string
  deploymentId: string
  accept: string
  lastEventId: string | undefined
  query: z.output<typeof pageQuery>
  read: (afterSeq: number, limit: number, bytes?: number) => Promise<T[]>
}

export function streamRoutes(deps: AppDeps, metrics: Pick<Metrics, 'streams'>) {
  const { store, stopping } = deps

  const answerFrom =
    <T extends { seq: number }>(feeds: ReturnType<typeof sharedFeeds<T>>) =>
    async ({ deploymentId, accept, query, ...reading }: Reading<T>) => {
      await findDeployment(deps, deploymentId)
      const after = resumeAfter(reading.lastEventId) ?? query.after
      const format = formatFor(accept)
      if (!format) return page(await reading.read(after, query.limit), query.limit)
      const gone = new AbortController()
      const signal = AbortSignal.any([gone.signal, stopping])
      const feed = feeds(reading.key, {
        status: async () => (await store.deployments.find(deploymentId))?.status ?? null,
        read: (afterSeq, limit) => reading.read(afterSeq, limit, pieceBytes),
        watch: (changed) => store.watch(deploymentId, changed),
      })
      const rows = counted(metrics, follow(feed, after, signal))
      return streamResponse(format, rows, () => gone.abort())
    }
  const answerLogs = answerFrom(sharedFeeds<LogLine>())
  const answerEvents = answerFrom(sharedFeeds<DeploymentEvent>())

  return newRouter()
    .openapi(readLogs, (c) => {
      const { deploymentId } = c.req.valid('param')
      const query = c.req.valid('query')
      const { step } = query
      return answerLogs({
        key: `${deploymentId}/${step ?? ''}`,
        deploymentId,
        accept: c.req.header('accept') ?? '',
        lastEventId: c.req.header('last-event-id'),
        query,
        read: (afterSeq, limit, bytes) => store.logs.read(deploymentId, { afterSeq, limit, step, bytes }),
      })
    })
    .openapi(readEvents, (c) => {
      const { deploymentId } = c.req.valid('param')
      return answerEvents({
        key: deploymentId,
        deploymentId,
        accept: c.req.header('accept') ?? '',
        lastEventId: c.req.header('last-event-id'),
        query: c.req.valid('query'),
        read: (afterSeq, limit) => store.deployments.events(deploymentId, afterSeq, limit),
      })
    })
}

/** Undefined for a page. */
function formatFor(accept: string): Format | undefined {
  if (accept.includes('application/x-ndjson')) return jsonLines
  if (accept.includes('application/json') && !accept.includes('text/event-stream')) return undefined
  return serverSentEvents
}

function resumeAfter(lastEventId: string | undefined): number | undefined {
  if (!lastEventId) return undefined
  const parsed = seq.safeParse(lastEventId)
  if (parsed.success) return parsed.data
  throw invalid([{ pointer: '/headers/last-event-id', message: 'must be the id of an event of this stream' }])
}

function page<T extends { seq: number }>(data: T[], limit: number): Response {
  const nextAfter = data.length === limit ? (data.at(-1)?.seq ?? null) : null
  return Response.json({ data, nextAfter })
}

/** Counts a stream from its first read to its end, however it ends. */
async function* counted<T>(
  { streams }: Pick<Metrics, 'streams'>,
  rows: AsyncGenerator<T, void>,
): AsyncGenerator<T, void> {
  streams.inc()
  try {
    yield* rows
  } finally {
    streams.dec()
  }
}
