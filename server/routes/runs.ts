import { createRoute, z } from '@hono/zod-openapi'
import {
  isRunOver,
  newRunSchema,
  runIdSchema,
  runLineSchema,
  runSchema,
  type RunLine,
} from '../../contract/run.ts'
import { textUpTo } from '../../contract/text.ts'
import type { RunRow } from '../../ports/run-store.ts'
import { needs } from '../authorise.ts'
import type { AppDeps } from '../deps.ts'
import { findEnvironment } from '../find.ts'
import type { Metrics } from '../metrics.ts'
import {
  bodyOf,
  bodyProblems,
  commonProblems,
  environmentParams,
  idempotencyHeaders,
  jsonOf,
  listOf,
  locationHeader,
  newRouter,
  problems,
} from '../openapi.ts'
import { notFound } from '../refusal.ts'
import { pageQuery, rowStreams, streamAnswers, streamDescription, streamHeaders } from '../row-stream.ts'
import { runView as view } from '../run-view.ts'
import { runIdOf, startRun } from '../start-run.ts'

const tags = ['runs']
const path = '/services/{serviceId}/environments/{environment}/runs'
const runParams = environmentParams.extend({ runId: runIdSchema })
const example = {
  id: 'run_5f0c6d1f0a9d4b8e8f3f6c1d',
  serviceId: 'shop',
  environment: 'production',
  kind: 'run',
  cronName: null,
  command: 'npm run reindex',
  deploymentId: 'shop.production.7',
  releaseId: 'shop.production.r7',
  status: 'SUCCEEDED',
  exitCode: 0,
  note: null,
  requestedBy: 'admin',
  createdAt: '2026-01-31T12:00:00.000Z',
  startedAt: '2026-01-31T12:00:00.100Z',
  finishedAt: '2026-01-31T12:00:04.000Z',
}

const create = createRoute({
  method: 'post',
  path,
  operationId: 'startRun',
  ...needs('deployer'),
  summary: 'Run a command in the live release',
  description:
    'Once, with the variables of the release, as the user of the service, without input or a terminal. It is started at most once, goes on when the release is replaced meanwhile, and is ended after a day.',
  tags,
  request: {
    params: environmentParams,
    headers: idempotencyHeaders,
    body: bodyOf(newRunSchema, { command: 'npm run reindex' }),
  },
  responses: {
    202: { ...jsonOf(runSchema, 'Accepted; `Location` leads to the run', example), headers: locationHeader },
    ...problems(404, 409),
    ...bodyProblems,
    ...commonProblems,
  },
})

const list = createRoute({
  method: 'get',
  path,
  operationId: 'listRuns',
  ...needs('viewer'),
  summary: 'What was run',
  tags,
  request: {
    params: environmentParams,
    query: z.object({
      cronName: textUpTo(100).optional().describe('Only turns of this cron entry'),
      limit: z.coerce.number().int().min(1).max(100).default(50),
    }),
  },
  responses: {
    200: jsonOf(listOf(runSchema), 'Runs and turns of cron entries, newest first', { data: [example] }),
    ...problems(404, 422),
    ...commonProblems,
  },
})

const read = createRoute({
  method: 'get',
  path: `${path}/{runId}`,
  operationId: 'readRun',
  ...needs('viewer'),
  summary: 'One run',
  tags,
  request: { params: runParams },
  responses: { 200: jsonOf(runSchema, 'The run', example), ...problems(404), ...commonProblems },
})

const output = createRoute({
  method: 'get',
  path: `${path}/{runId}/output`,
  operationId: 'readRunOutput',
  ...needs('viewer'),
  summary: 'What a run printed',
  description: streamDescription('the run'),
  tags,
  request: { params: runParams, headers: streamHeaders, query: pageQuery },
  responses: streamAnswers(runLineSchema, { seq: 1, at: '2026-01-31T12:00:00.000Z', text: 'reindexed' }),
})

const cancel = createRoute({
  method: 'post',
  path: `${path}/{runId}/cancel`,
  operationId: 'cancelRun',
  ...needs('deployer'),
  summary: 'End a run with all its processes',
  description: 'SIGTERM, SIGKILL a second later. One that has ended is left alone.',
  tags,
  request: { params: runParams, headers: idempotencyHeaders },
  responses: {
    202: jsonOf(runSchema, 'It is being ended', { ...example, status: 'RUNNING' }),
    ...problems(404),
    ...bodyProblems,
    ...commonProblems,
  },
})

/** That are read at once for those who follow; a line may have 16 KiB. */
const linesAtOnce = 100

export function runRoutes(deps: AppDeps, metrics: Pick<Metrics, 'streams'>) {
  const { store, runs } = deps
  const answerLines = rowStreams<RunLine>(deps, metrics)
  const find = async (of: { serviceId: string; environment: string; runId: string }): Promise<RunRow> => {
    const { serviceId, environment } = await findEnvironment(deps, of)
    const run = await store.runs.find(of.runId)
    if (run?.serviceId !== serviceId || run.environment !== environment) throw notFound('Run', of.runId)
    return run
  }
  return newRouter()
    .openapi(create, async (c) => {
      const environment = await findEnvironment(deps, c.req.valid('param'))
      const { command } = c.req.valid('json')
      const id = runIdOf(c.get('enqueueId'))
      const run = await startRun(deps, environment, { id, command, by: c.get('caller').name })
      const of = `/v1/services/${run.serviceId}/environments/${run.environment}`
      return c.json(view(run), 202, { Location: `${of}/runs/${id}` })
    })
    .openapi(list, async (c) => {
      const { serviceId, environment } = await findEnvironment(deps, c.req.valid('param'))
      const rows = await store.runs.list(serviceId, environment, c.req.valid('query'))
      return c.json({ data: rows.map(view) }, 200)
    })
    .openapi(read, async (c) => c.json(view(await find(c.req.valid('param'))), 200))
    .openapi(output, async (c) => {
      const { id } = await find(c.req.valid('param'))
      const read = (afterSeq: number, limit: number) => store.runs.lines(id, afterSeq, limit)
      return answerLines({
        key: id,
        accept: c.req.header('accept') ?? '',
        lastEventId: c.req.header('last-event-id'),
        query: c.req.valid('query'),
        read,
        source: {
          status: async () => (await store.runs.find(id))?.status ?? null,
          read: (afterSeq, limit) => read(afterSeq, Math.min(limit, linesAtOnce)),
          watch: (changed) => store.watch(id, changed),
        },
      })
    })
    .openapi(cancel, async (c) => {
      const run = await find(c.req.valid('param'))
      if (!isRunOver(run.status)) await runs.cancel(run)
      return c.json(view(await find(c.req.valid('param'))), 202)
    })
}
