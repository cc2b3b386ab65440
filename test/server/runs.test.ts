import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Run } from '../../contract/run.ts'
import { runSchema } from '../../contract/run.ts'
import { RunsUnavailable } from '../../ports/run-starter.ts'
import { runContext, variableContext } from '../../contract/names.ts'
import { addShop, deploy, startApi, succeed, type Api } from './api.ts'

let api: Api
/** Ids that were handed over; `down` makes the handing over fail. */
const started: string[] = []
const canceled: string[] = []
let down = false
beforeAll(async () => {
  api = await startApi()
  api.deps.runs.start = async ({ id }) => {
    if (down) throw new RunsUnavailable('Temporal does not take it just now.')
    started.push(id)
  }
  api.deps.runs.cancel = async ({ id }) => void canceled.push(id)
  await Promise.all([addShop(api), addShop(api, 'idle')])
  const deployment = await deploy(api)
  await succeed(api, deployment)
  const sealed = api.deps.secrets.seal('hunter2222', variableContext('shop', 'production', 'PASSWORD'))
  await api.store.releases.runsWith(deployment.id, [{ name: 'PASSWORD', sealed, secret: true }])
}, 60_000)
afterAll(() => api.stop())

const path = '/v1/services/shop/environments/production/runs'
const post = (command: string, headers?: Record<string, string>) =>
  api.call<Run>('POST', path, { command }, headers)

it('is accepted once per Idempotency-Key, and names who asked', async () => {
  const key = { 'idempotency-key': 'the-same' }
  const first = await post('echo hello', key)
  expect(first).toMatchObject({ status: 202, body: { status: 'QUEUED', requestedBy: 'api', kind: 'run' } })
  expect(runSchema.parse(first.body)).toEqual(first.body)
  expect(first.headers.get('location')).toBe(`${path}/${first.body.id}`)
  expect(await post('echo hello', key)).toMatchObject({ status: 202, body: first.body })
  expect(started.filter((id) => id === first.body.id)).toHaveLength(1)
  const { body } = await api.call<{ data: { action: string; target: string }[] }>('GET', '/v1/audit')
  expect(body.data.find(({ action }) => action === 'startRun')).toMatchObject({ target: first.body.id })
})

it('keeps the command sealed, and shows it without the values of secret variables', async () => {
  const { body } = await post('psql postgres://shop:hunter2222@db')
  const row = (await api.store.runs.find(body.id))!
  expect(row.sealedCommand).not.toContain('hunter2222')
  expect(api.deps.secrets.open(row.sealedCommand, runContext('shop', body.id))).toContain('hunter2222')
  expect(body).not.toHaveProperty('sealedCommand')
  expect(body.command).toBe('psql postgres://shop:***@db')
  expect(JSON.stringify(api.logged)).not.toContain('hunter2222')
})

it('leaves no trace when it cannot be handed over', async () => {
  const before = (await api.call<{ data: Run[] }>('GET', path)).body.data.length
  down = true
  try {
    await api.refused(503, 'TemporalUnavailable', 'POST', path, { command: 'true' })
  } finally {
    down = false
  }
  expect((await api.call<{ data: Run[] }>('GET', path)).body.data).toHaveLength(before)
})

it('refuses what cannot be run', async () => {
  const handed = started.length
  for (const command of ['', 'a\0b', 'x'.repeat(8193), 7, null, ['ls']])
    await api.refused(422, 'ValidationFailed', 'POST', path, { command })
  await api.refused(422, 'ValidationFailed', 'POST', path, { command: 'ls', extra: 1 })
  await api.refused(400, 'MalformedJson', 'POST', path, '{"command":')
  const idle = '/v1/services/idle/environments/production/runs'
  await api.refused(409, 'NothingLive', 'POST', idle, { command: 'ls' })
  await api.refused(404, 'ServiceNotFound', 'POST', '/v1/services/nope/environments/production/runs', {
    command: 'ls',
  })
  expect(started).toHaveLength(handed)
})

it('of another environment is not found', async () => {
  const { body } = await post('true')
  const other = `/v1/services/idle/environments/production/runs/${body.id}`
  await api.refused(404, 'RunNotFound', 'GET', other)
  await api.refused(404, 'RunNotFound', 'GET', `${other}/output`)
  await api.refused(404, 'RunNotFound', 'POST', `${other}/cancel`)
  await api.refused(404, 'RunNotFound', 'GET', `${path}/run_${'0'.repeat(24)}`)
  for (const id of ['x', 'run_1', '..%2f..%2fetc'])
    expect((await api.call('GET', `${path}/${id}`)).status).toBeGreaterThanOrEqual(404)
})

it('streams its output to the end, each line once whoever writes it', async () => {
  const { id } = (await post('true')).body
  const { output } = api.store.runs
  const batch = (from: number, to: number, text: string) =>
    output.append(id, { step: null, cursor: '', from, to, lines: [{ at: new Date(), text }] })
  expect(await batch(0, 4, 'one')).toBe(true)
  expect(await batch(0, 4, 'one')).toBe(false)
  expect(await output.position(id, '')).toBe(4)
  await api.store.runs.started(id)
  const stream = api.call('GET', `${path}/${id}/output`, undefined, { accept: 'application/x-ndjson' })
  await batch(4, 8, 'two')
  await api.store.runs.finish(id, { status: 'FAILED', exitCode: 3, note: null })
  // A late writer changes nothing of how it ended.
  await api.store.runs.finish(id, { status: 'SUCCEEDED', exitCode: 0, note: null })
  const lines = (await stream).text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { text?: string })
  expect(lines.map(({ text }) => text)).toEqual(['one', 'two', undefined])
  expect(lines.at(-1)).toMatchObject({ type: 'end', status: 'FAILED' })
  expect((await api.call<Run>('GET', `${path}/${id}`)).body).toMatchObject({ status: 'FAILED', exitCode: 3 })
})

it('is canceled while it has not ended', async () => {
  const { id } = (await post('sleep 9')).body
  expect(await api.call('POST', `${path}/${id}/cancel`)).toMatchObject({ status: 202 })
  await api.store.runs.finish(id, { status: 'CANCELED', exitCode: null, note: null })
  expect(await api.call('POST', `${path}/${id}/cancel`)).toMatchObject({ body: { status: 'CANCELED' } })
  expect(canceled).toEqual([id])
})
