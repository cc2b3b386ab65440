import { createRoute } from '@hono/zod-openapi'
import { Cron } from 'croner'
import { cronEntrySchema } from '../../contract/cron.ts'
import { cronFields } from '../../contract/schedule-times.ts'
import { needs } from '../authorise.ts'
import type { AppDeps } from '../deps.ts'
import { findEnvironment } from '../find.ts'
import { commonProblems, environmentParams, jsonOf, listOf, newRouter, problems } from '../openapi.ts'
import { runView } from '../run-view.ts'

const example = {
  name: 'nightly',
  schedule: '30 2 * * *',
  timeZone: 'Europe/Berlin',
  command: 'npm run report',
  nextRuns: ['2026-02-01T01:30:00.000Z'],
  lastRun: null,
  note: null,
}

const list = createRoute({
  method: 'get',
  path: '/services/{serviceId}/environments/{environment}/cron',
  operationId: 'listCron',
  ...needs('viewer'),
  summary: 'What the live release runs at certain times',
  description:
    'As `cron` in its sluice.yaml or its cron.json says. A turn runs in what is live then, never beside the turn before it; none is made up for.',
  tags: ['runs'],
  request: { params: environmentParams },
  responses: {
    200: jsonOf(listOf(cronEntrySchema), 'Empty while nothing is live', { data: [example] }),
    ...problems(404),
    ...commonProblems,
  },
})

/** Times that are shown. */
const shown = 3

export const cronRoutes = ({ store }: AppDeps) =>
  newRouter().openapi(list, async (c) => {
    const row = await findEnvironment({ store }, c.req.valid('param'))
    const { serviceId, environment, live } = row
    const release = live && (await store.releases.find(live.releaseId))
    const kept = await store.cron.kept(serviceId, environment)
    const entries = new Map(release?.plan.cron?.map((entry) => [entry.name, entry]))
    const data = await Promise.all(
      [...entries.values()].map(async ({ name, schedule, timeZone = 'UTC', command }) => {
        const [last] = await store.runs.list(serviceId, environment, { cronName: name, limit: 1 })
        return {
          ...{ name, schedule, timeZone, command },
          nextRuns: nextRuns(schedule, timeZone),
          lastRun: last ? runView(last) : null,
          note: kept.find((one) => one.name === name)?.note ?? null,
        }
      }),
    )
    return c.json({ data }, 200)
  })

const nextRuns = (schedule: string, timezone: string): string[] =>
  new Cron(cronFields(schedule), { paused: true, mode: '5-part', timezone })
    .nextRuns(shown)
    .map((run) => run.toISOString())
