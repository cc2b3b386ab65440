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
import { findDeployment } from '../find.ts'
import type { Metrics } from '../metrics.ts'
import { deploymentParams, newRouter } from '../openapi.ts'
import {
  pageQuery,
  rowStreams,
  streamAnswers,
  streamDescription,
  streamHeaders as headers,
  type Reading,
} from '../row-stream.ts'

const tags = ['deployments']
const description = streamDescription('the deployment')

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
  responses: streamAnswers(logLineSchema, {
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
  responses: streamAnswers(deploymentEventSchema, {
    seq: 1,
    at: '2026-01-31T12:00:00.000Z',
    type: 'queued',
    step: null,
    status: 'QUEUED',
    attempt: null,
    detail: null,
    nextAttemptAt: null,
  }),
})

/** Bytes of text that are read at once for those who follow; a line may have 16 KiB. */
const pieceBytes = 1024 * 1024

type DeploymentReading<T> = Omit<Reading<T>, 'source' | 'read'> & {
  deploymentId: string
  read: (afterSeq: number, limit: number, bytes?: number) => Promise<T[]>
}

export function streamRoutes(deps: AppDeps, metrics: Pick<Metrics, 'streams'>) {
  const { store } = deps

  const answerFrom =
    <T extends { seq: number }>(answer: ReturnType<typeof rowStreams<T>>) =>
    async ({ deploymentId, ...reading }: DeploymentReading<T>) => {
      await findDeployment(deps, deploymentId)
      return answer({
        ...reading,
        source: {
          status: () => store.deployments.status(deploymentId),
          read: (afterSeq, limit) => reading.read(afterSeq, limit, pieceBytes),
          watch: (changed) => store.watch(deploymentId, changed),
        },
      })
    }
  const answerLogs = answerFrom(rowStreams<LogLine>(deps, metrics))
  const answerEvents = answerFrom(rowStreams<DeploymentEvent>(deps, metrics))

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
