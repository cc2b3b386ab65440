import { afterEach, expect, test } from 'vitest'
import { cronWorkflowId, runWorkflowId, workflowTypes } from '../../contract/names.ts'
import { failure, startScripted, until, untilCanceled, type Script } from './scripted.ts'

let scripted: Awaited<ReturnType<typeof startScripted>>
afterEach(() => scripted.stop())

async function startRun(script: Script) {
  scripted = await startScripted(script)
  return scripted.client.workflow.start(workflowTypes.run, {
    workflowId: `${runWorkflowId('run_1')}-${scripted.service}`,
    taskQueue: scripted.service,
    args: [{ runId: 'run_1', host: scripted.service }],
  })
}

test('a run is taken up, then attended to; how it ended is in its row', async () => {
  await (await startRun({})).result()
  expect(scripted.calls).toEqual(['beginRun', 'attendRun'])
})

test('one that was taken back before it began is not run', async () => {
  await (await startRun({ beginRun: () => false })).result()
  expect(scripted.calls).toEqual(['beginRun'])
})

test('one that the host cannot bring to an end is told as failed, and what is left of it is ended', async () => {
  await (await startRun({ attendRun: failure('Internal') })).result()
  expect(scripted.calls).toEqual(['beginRun', 'attendRun', 'endRun it ended with Internal', 'clearRun'])
})

test('a cancel ends it and is told as such', async () => {
  const handle = await startRun({ attendRun: untilCanceled })
  await until(() => scripted.calls.includes('attendRun'))
  await handle.cancel()
  await handle.result()
  expect(scripted.calls).toEqual(['beginRun', 'attendRun', 'endRun canceled', 'clearRun'])
})

test.each([
  ['turn', ['beginRun', 'attendRun']],
  ['gone', []],
])('a cron entry that is %s', async (name, calls) => {
  scripted = await startScripted()
  const handle = await scripted.client.workflow.start(workflowTypes.cron, {
    workflowId: cronWorkflowId(scripted.service, 'production', name),
    taskQueue: scripted.service,
    args: [{ serviceId: scripted.service, environment: 'production', name }],
  })
  await handle.result()
  expect(scripted.calls).toEqual(calls)
})
