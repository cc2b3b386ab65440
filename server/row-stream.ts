import { z } from '@hono/zod-openapi'
import type { AppDeps } from './deps.ts'
import { jsonLines, serverSentEvents, streamResponse, type Format } from './event-stream.ts'
import { follow } from './follow.ts'
import type { Metrics } from './metrics.ts'
import { commonProblems, problems } from './openapi.ts'
import { sharedFeeds, type FeedSource } from './shared-feed.ts'
import { invalid } from './validation.ts'

/** Largest `seq`: an integer column. */
const seq = z.coerce.number().int().min(0).max(2_147_483_647).openapi({ type: 'integer' })

export const pageQuery = z.object({
  after: seq.default(0).describe('Only what comes after this `seq`; `Last-Event-ID` wins over it'),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(500)
    .describe('Of a JSON page; streams go on to the end'),
})

export const streamHeaders = z.object({
  'last-event-id': z.string().optional().openapi({ description: 'Goes on after this `seq`' }),
})

/** @param what that is followed, such as `the deployment` */
export const streamDescription = (what: string): string =>
  [
    `By \`Accept\`: \`text/event-stream\` (the standard) or \`application/x-ndjson\` follow ${what} until it has ended;`,
    '`application/json` answers with a page of what there is.',
    'A stream closes with the event `end` (in NDJSON a last line of type `end`) that has the final status.',
  ].join(' ')

const pageOf = <T extends z.ZodType>(schema: T) =>
  z.object({ data: z.array(schema), nextAfter: z.number().int().nullable() })

/** Of a stream OpenAPI describes each event (3.2, "Sequential Media Types"); readers of 3.1 do the same. */
const serverSentEvent = z.object({
  id: z.string().optional().describe('For `Last-Event-ID`'),
  event: z.string().optional().describe('`end` comes last; what is followed comes without a name'),
  data: z.string().describe('JSON'),
})

export const streamAnswers = <T extends z.ZodType>(schema: T, example: unknown) => ({
  200: {
    description: 'A stream, or a page',
    content: {
      'text/event-stream': {
        schema: serverSentEvent,
        example: { id: '1', event: 'message', data: JSON.stringify(example) },
      },
      'application/x-ndjson': { schema: z.string(), example: `${JSON.stringify(example)}\n` },
      'application/json': { schema: pageOf(schema), example: { data: [example], nextAfter: null } },
    },
  },
  ...problems(404, 422),
  ...commonProblems,
})

export interface Reading<T> {
  /** What it reads; the same for all who read the same. */
  key: string
  accept: string
  lastEventId: string | undefined
  query: z.output<typeof pageQuery>
  read: (afterSeq: number, limit: number) => Promise<T[]>
  /** For those who follow. */
  source: FeedSource<T>
}

/** Answers with rows as a page or as a stream, as the caller asks for. All who follow the same share what is read. */
export function rowStreams<T extends { seq: number }>(
  { stopping }: Pick<AppDeps, 'stopping'>,
  metrics: Pick<Metrics, 'streams'>,
) {
  const feeds = sharedFeeds<T>()
  return async ({ key, accept, lastEventId, query, read, source }: Reading<T>): Promise<Response> => {
    const after = resumeAfter(lastEventId) ?? query.after
    const format = formatFor(accept)
    if (!format) return page(await read(after, query.limit), query.limit)
    const gone = new AbortController()
    const signal = AbortSignal.any([gone.signal, stopping])
    const rows = counted(metrics, follow(feeds(key, source), after, signal))
    return streamResponse(format, rows, () => gone.abort())
  }
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
