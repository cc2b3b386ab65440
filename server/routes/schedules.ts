import { createRoute } from '@hono/zod-openapi'
import { scheduleId } from '../../contract/names.ts'
import { newScheduleSchema, pauseSchema, scheduleSchema, type Schedule } from '../../contract/schedule.ts'
import { scheduleNameSchema } from '../../contract/service.ts'
import { ScheduleRefused } from '../../ports/schedules.ts'
import { Taken, type ScheduleRow } from '../../ports/store.ts'
import { needs } from '../authorise.ts'
import type { AppDeps } from '../deps.ts'
import { findEnvironment } from '../find.ts'
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
import { notFound, Refusal } from '../refusal.ts'
import { invalid } from '../validation.ts'

const tags = ['schedules']
const path = '/services/{serviceId}/environments/{environment}/schedules'
const scheduleParams = environmentParams.extend({ name: scheduleNameSchema })
const one = { params: scheduleParams }
const wanted = { name: 'nightly', cron: '30 2 * * *', timeZone: 'Europe/Berlin', action: { kind: 'deploy' } }
const example = {
  serviceId: 'shop',
  environment: 'production',
  name: 'nightly',
  cron: '30 2 * * *',
  at: null,
  timeZone: 'Europe/Berlin',
  action: { kind: 'deploy' },
  paused: false,
  pausedReason: null,
  nextRuns: ['2026-02-01T01:30:00.000Z'],
  lastRun: null,
  scheduleId: 'schedule/shop/production/nightly',
  createdAt: '2026-01-31T12:00:00.000Z',
}
const schedule = (description: string) => jsonOf(scheduleSchema, description, example)
const action = { ...problems(404), ...bodyProblems, ...commonProblems }

const create = createRoute({
  method: 'post',
  path,
  operationId: 'createSchedule',
  ...needs('deployer'),
  summary: 'Deploy at certain times',
  description:
    'By cron in a time zone, or once. It may deploy a branch, deploy the live commit anew, or roll back; what it starts waits in the queue of the environment. Turns of the past are not made up for.',
  tags,
  request: {
    params: environmentParams,
    headers: idempotencyHeaders,
    body: bodyOf(newScheduleSchema, wanted),
  },
  responses: {
    201: { ...schedule('Created'), headers: locationHeader },
    ...problems(404, 409),
    ...bodyProblems,
    ...commonProblems,
  },
})

const list = createRoute({
  method: 'get',
  path,
  operationId: 'listSchedules',
  ...needs('viewer'),
  summary: 'The schedules of an environment',
  tags,
  request: { params: environmentParams },
  responses: {
    200: jsonOf(listOf(scheduleSchema), 'All schedules, by name', { data: [example] }),
    ...problems(404),
    ...commonProblems,
  },
})

const read = createRoute({
  method: 'get',
  path: `${path}/{name}`,
  operationId: 'readSchedule',
  ...needs('viewer'),
  summary: 'One schedule with its next runs',
  tags,
  request: one,
  responses: { 200: schedule('The schedule'), ...problems(404), ...commonProblems },
})

const pause = createRoute({
  method: 'post',
  path: `${path}/{name}/pause`,
  operationId: 'pauseSchedule',
  ...needs('deployer'),
  summary: 'Start nothing until it is resumed',
  tags,
  request: { ...one, headers: idempotencyHeaders, body: bodyOf(pauseSchema, { reason: 'holidays' }, false) },
  responses: { 200: schedule('Paused'), ...action },
})

const resume = createRoute({
  method: 'post',
  path: `${path}/{name}/resume`,
  operationId: 'resumeSchedule',
  ...needs('deployer'),
  summary: 'Go on with the next run',
  tags,
  request: { ...one, headers: idempotencyHeaders },
  responses: { 200: schedule('Resumed'), ...action },
})

const trigger = createRoute({
  method: 'post',
  path: `${path}/{name}/trigger`,
  operationId: 'triggerSchedule',
  ...needs('deployer'),
  summary: 'Run it now, also while it is paused',
  tags,
  request: { ...one, headers: idempotencyHeaders },
  responses: { 202: schedule('It is started; `lastRun` says what came of it'), ...action },
})

const remove = createRoute({
  method: 'delete',
  path: `${path}/{name}`,
  operationId: 'deleteSchedule',
  ...needs('deployer'),
  summary: 'Remove a schedule',
  tags,
  request: one,
  responses: { 204: { description: 'Gone' }, ...problems(404), ...commonProblems },
})

/** Runs that are shown. */
const shown = 5

export function scheduleRoutes(deps: AppDeps) {
  const { store, schedules, now } = deps

  const find = async (key: {
    serviceId: string
    environment: string
    name: string
  }): Promise<ScheduleRow> => {
    await findEnvironment(deps, key)
    const row = await store.schedules.find(key.serviceId, key.environment, key.name)
    if (!row) throw notFound('Schedule', key.name)
    return row
  }
  const view = async (row: ScheduleRow): Promise<Schedule> => {
    const state = await schedules.state(row)
    const { createdAt, at, lastRun, ...plain } = row
    return {
      ...plain,
      at: at?.toISOString() ?? null,
      lastRun: lastRun && { ...lastRun, at: lastRun.at.toISOString() },
      // It can be paused in Temporal's web UI as well.
      paused: state?.paused ?? row.paused,
      nextRuns: (state?.nextRuns ?? []).slice(0, shown).map((run) => run.toISOString()),
      scheduleId: scheduleId(row.serviceId, row.environment, row.name),
      createdAt: createdAt.toISOString(),
    }
  }
  const setPaused = async (row: ScheduleRow, paused: boolean, reason: string | null) => {
    await schedules.pause(row, paused, reason)
    await store.schedules.pause(row.serviceId, row.environment, row.name, paused, paused ? reason : null)
    return view(await find(row))
  }

  return newRouter()
    .openapi(create, async (c) => {
      const { serviceId, environment } = await findEnvironment(deps, c.req.valid('param'))
      const { name, cron, at, timeZone = 'UTC', action: what = { kind: 'deploy' } } = c.req.valid('json')
      if (at !== undefined && Date.parse(at) <= now().getTime())
        throw invalid([{ pointer: '/at', message: 'must be in the future' }])
      const row = await store.schedules
        .create({
          serviceId,
          environment,
          name,
          cron: cron ?? null,
          at: at ? new Date(at) : null,
          timeZone,
          action: what,
        })
        .catch((error: unknown) => {
          throw error instanceof Taken ? taken(name) : error
        })
      try {
        await schedules.put(row)
      } catch (error) {
        // The caller is told that it does not exist.
        await schedules.remove(row).catch(() => {})
        await store.schedules.remove(serviceId, environment, name)
        throw error instanceof ScheduleRefused
          ? invalid([{ pointer: '/cron', message: error.message }])
          : error
      }
      return c.json(await view(row), 201, {
        Location: `/v1/services/${serviceId}/environments/${environment}/schedules/${name}`,
      })
    })
    .openapi(list, async (c) => {
      const { serviceId, environment } = await findEnvironment(deps, c.req.valid('param'))
      const rows = await store.schedules.list(serviceId, environment)
      return c.json({ data: await Promise.all(rows.map(view)) }, 200)
    })
    .openapi(read, async (c) => c.json(await view(await find(c.req.valid('param'))), 200))
    .openapi(pause, async (c) =>
      c.json(
        await setPaused(await find(c.req.valid('param')), true, c.req.valid('json').reason ?? null),
        200,
      ),
    )
    .openapi(resume, async (c) => c.json(await setPaused(await find(c.req.valid('param')), false, null), 200))
    .openapi(trigger, async (c) => {
      const row = await find(c.req.valid('param'))
      await schedules.trigger(row)
      return c.json(await view(row), 202)
    })
    .openapi(remove, async (c) => {
      const row = await find(c.req.valid('param'))
      await schedules.remove(row)
      await store.schedules.remove(row.serviceId, row.environment, row.name)
      // Once more: until the row was gone the worker may have put it back.
      await schedules.remove(row)
      return c.body(null, 204)
    })
}

const taken = (name: string) =>
  new Refusal(
    409,
    'ScheduleExists',
    `There is a schedule ${name} already. Choose another name, or delete that one.`,
  )
