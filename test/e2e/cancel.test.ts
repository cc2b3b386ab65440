import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { remainsOf } from './remains.ts'
import { find, finished, inStep, makeService, type TestService } from './service.ts'
import type { Sluice } from './sluice.ts'
import { useSluice } from './use-sluice.ts'

let sluice: Sluice
const root = useSluice((started) => {
  sluice = started
})
let client: Client
let connection: Connection
beforeAll(async () => {
  connection = await Connection.connect({ address: sluice.temporalAddress })
  client = new Client({ connection })
})
afterAll(() => connection?.close())

const cancel = (id: string, body: object = {}) => sluice.api('POST', `/v1/deployments/${id}/cancel`, body)
const never = `import http from 'node:http'\nsetInterval(() => {}, 1000)\n`

/** A service whose deployment stays in the step that is asked for. */
async function heldIn(step: string, id: string): Promise<{ service: TestService; id: string }> {
  const variables = { COUNT_FILE: '/dev/null', [`HOLD_${step}`]: '60' }
  const service = await makeService(sluice, root.directory, id)
  await service.environment('production', { variables })
  if (step === 'validate')
    service.repository.commit({ 'server.js': never, 'sluice.yaml': 'start: exec node server.js\n' })
  const { id: deployment } = await service.start()
  await inStep(sluice, deployment, step)
  return { service, id: deployment }
}

async function expectCanceled(id: string): Promise<void> {
  const asked = Date.now()
  const deployment = await finished(sluice, id)
  expect(deployment).toMatchObject({ status: 'CANCELED', failure: null, live: false, compensation: 'DONE' })
  // Two seconds are the promise; a machine that runs other tests at the same time may need more.
  expect(Date.parse(deployment.finishedAt!) - asked).toBeLessThan(6000)
  expect(remainsOf(sluice, id)).toEqual([])
}

test.each(['install', 'build', 'validate', 'migrate'])(
  'canceled during %s: over within moments, nothing left',
  { timeout: 60_000 },
  async (step) => {
    const { id } = await heldIn(step, `c-${step}`)
    expect(await cancel(id, { reason: 'wrong branch' })).toMatchObject({ status: 202 })
    await expectCanceled(id)
    expect((await find(sluice, id)).cancelRequested).toMatchObject({ reason: 'wrong branch' })
  },
)

test("Temporal's own cancellation does the same", { timeout: 60_000 }, async () => {
  const { id } = await heldIn('build', 'c-request')
  await client.workflow.getHandle((await find(sluice, id)).workflowId).cancel()
  await expectCanceled(id)
})

test(
  'a terminated deployment leaves nothing behind, and the next one goes',
  { timeout: 60_000 },
  async () => {
    const { id, service } = await heldIn('build', 'c-terminate')
    await client.workflow.getHandle((await find(sluice, id)).workflowId).terminate('operator')
    expect(await finished(sluice, id)).toMatchObject({
      status: 'FAILED',
      failure: { code: 'Terminated' },
      compensation: 'DONE',
    })
    expect(remainsOf(sluice, id)).toEqual([])
    await service.environment('production')
    expect(await service.deploy()).toMatchObject({ status: 'SUCCEEDED' })
  },
)

test('a queued deployment that is canceled never starts', { timeout: 60_000 }, async () => {
  const { id: running, service } = await heldIn('build', 'c-queued')
  const queued = await service.start()
  expect(queued).toMatchObject({ status: 'QUEUED', queuePosition: 1 })
  expect(await cancel(queued.id)).toMatchObject({ status: 202 })
  expect(await finished(sluice, queued.id)).toMatchObject({ status: 'CANCELED', startedAt: null })
  await cancel(running)
  await expectCanceled(running)
})

test('a cancel after the switch is refused', { timeout: 60_000 }, async () => {
  const service = await makeService(sluice, root.directory, 'c-late')
  const { id } = await service.deploy()
  expect(await cancel(id)).toMatchObject({ status: 409 })
  expect(await find(sluice, id)).toMatchObject({ status: 'SUCCEEDED', live: true })
})
