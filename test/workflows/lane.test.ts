import { randomUUID } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import { deploymentId, deployWorkflowId, queryNames, signalNames } from '../../contract/names.ts'
import type { CancelRequest, QueueView } from '../../contract/workflows.ts'
import { startScripted, until, untilCanceled, type Script } from './scripted.ts'

let scripted: Awaited<ReturnType<typeof startScripted>>
afterEach(() => scripted.stop())

const ended = () =>
  scripted.outcomes.map(({ release, status }) => `${release.environment} ${release.number} ${status}`)
const lane = (environment = 'production') => scripted.client.workflow.getHandle(scripted.laneId(environment))
const deployment = (number: number, environment = 'production') =>
  scripted.client.workflow.getHandle(deployWorkflowId(scripted.service, environment, number))
const cancelOf = (number: number): CancelRequest => ({
  deploymentId: deploymentId(scripted.service, 'production', number),
  by: 'ada',
  reason: null,
})

/** Holds every deployment in its build until it is let go. */
function gate() {
  const open = new Set<number>()
  const script: Script = {
    async buildRelease({ number }) {
      await until(() => open.has(number))
    },
  }
  return { script, let: (number: number) => open.add(number) }
}

test('numbers deployments in the order they come and runs one at a time', async () => {
  let inside = 0
  let most = 0
  scripted = await startScripted({
    async buildRelease() {
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setTimeout(resolve, 20))
      inside--
    },
  })
  const answers = []
  for (let at = 0; at < 6; at++) answers.push(await scripted.enqueue('production'))
  expect(answers.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6])
  await until(() => ended().length === 6)
  expect(ended()).toEqual([1, 2, 3, 4, 5, 6].map((number) => `production ${number} SUCCEEDED`))
  expect(most).toBe(1)
})

test('different environments run side by side', async () => {
  const held = gate()
  scripted = await startScripted(held.script)
  await Promise.all([scripted.enqueue('production'), scripted.enqueue('staging')])
  await until(() => scripted.calls.filter((call) => call.startsWith('buildRelease')).length === 2)
  held.let(1)
  await until(() => ended().length === 2)
})

test('the same request gets the same deployment', async () => {
  scripted = await startScripted()
  const requestId = randomUUID()
  const [first, second] = await Promise.all([
    scripted.enqueue('production', { requestId }),
    scripted.enqueue('production', { requestId }),
  ])
  expect(second).toEqual(first)
  await until(() => ended().length === 1)
  expect(await scripted.enqueue('production', { requestId })).toEqual(first)
  expect(await scripted.enqueue('production')).toMatchObject({ number: 2 })
  await until(() => ended().includes('production 2 SUCCEEDED'))
  expect(ended()).toEqual(['production 1 SUCCEEDED', 'production 2 SUCCEEDED'])
})

test('numbers start where the store says that they must', async () => {
  scripted = await startScripted()
  expect(await scripted.enqueue('production', { numberFloor: 41 })).toMatchObject({ number: 41 })
})

test('a queued deployment that is canceled never starts', async () => {
  const held = gate()
  scripted = await startScripted(held.script)
  for (let at = 0; at < 3; at++) await scripted.enqueue('production')
  await lane().signal(signalNames.cancelDeployment, cancelOf(2))
  await until(() => scripted.calls.includes('recordCanceledInQueue 2'))
  held.let(1)
  held.let(3)
  await until(() => ended().length === 2)
  expect(scripted.calls).not.toContain('checkReadiness 2')
})

test('of pushes in quick succession the first and the last run, the others are superseded', async () => {
  const held = gate()
  scripted = await startScripted(held.script)
  const queue = 'newest-wins' as const
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => scripted.enqueue('production', { trigger: 'webhook', queue })),
  )
  expect(new Set(answers.map(({ number }) => number)).size).toBe(8)
  for (const number of [1, 8]) held.let(number)
  await until(() => ended().length === 2)
  expect(ended()).toEqual(['production 1 SUCCEEDED', 'production 8 SUCCEEDED'])
  await until(() => scripted.calls.filter((call) => call.startsWith('recordSuperseded')).length === 6)
  for (let number = 2; number < 8; number++) {
    expect(scripted.calls.some((call) => call.startsWith(`recordSuperseded ${number} by `))).toBe(true)
    expect(scripted.calls).not.toContain(`checkReadiness ${number}`)
  }
})

test('a push supersedes neither what a person has asked for nor a rollback', async () => {
  const held = gate()
  scripted = await startScripted(held.script)
  await scripted.enqueue('production')
  await until(() => scripted.calls.includes('buildRelease 1'))
  await scripted.enqueue('production', { queue: 'every' })
  await scripted.enqueue('production', { queue: 'newest-wins' })
  await scripted.enqueue('production', { queue: 'newest-wins' })
  await until(() => scripted.calls.includes('recordSuperseded 3 by 4'))
  for (const number of [1, 2, 4]) held.let(number)
  await until(() => ended().length === 3)
  expect(ended()).toEqual([1, 2, 4].map((number) => `production ${number} SUCCEEDED`))
})

test('where none may wait, one that comes while another runs is refused, and the same request is not', async () => {
  const held = gate()
  scripted = await startScripted(held.script)
  const requestId = randomUUID()
  await scripted.enqueue('production', { requestId, queue: 'reject' })
  await until(() => scripted.calls.includes('buildRelease 1'))
  const refused = await scripted.enqueue('production', { queue: 'reject' }).catch((error: Error) => error)
  expect(refused).toMatchObject({ cause: { type: 'EnvironmentBusy' } })
  expect(await scripted.enqueue('production', { requestId, queue: 'reject' })).toMatchObject({ number: 1 })
  held.let(1)
  await until(() => ended().length === 1)
  held.let(2)
  await until(async () => !(await lane().query<QueueView>(queryNames.queue)).running)
  expect(await scripted.enqueue('production', { queue: 'reject' })).toMatchObject({ number: 2 })
  await until(() => ended().length === 2)
})

test('one that waits is recorded although its lane is busy, and the queue can be asked', async () => {
  const held = gate()
  scripted = await startScripted(held.script)
  await scripted.enqueue('production')
  await scripted.enqueue('production')
  await until(() => scripted.calls.includes('recordQueued 2'))
  expect(await lane().query<QueueView>(queryNames.queue)).toEqual({
    running: deploymentId(scripted.service, 'production', 1),
    waiting: [deploymentId(scripted.service, 'production', 2)],
  })
  held.let(1)
  held.let(2)
  await until(() => ended().length === 2)
})

test('a cancel through the lane reaches the running deployment, which shows as canceled', async () => {
  scripted = await startScripted({ buildRelease: untilCanceled })
  await scripted.enqueue('production')
  await until(() => scripted.calls.includes('buildRelease 1'))
  await lane().signal(signalNames.cancelDeployment, cancelOf(1))
  await until(() => ended().length === 1)
  expect(ended()).toEqual(['production 1 CANCELED'])
  await until(async () => (await deployment(1).describe()).status.name === 'CANCELLED')
})

test('after a terminated deployment the lane clears up, records it and goes on', async () => {
  const held = gate()
  scripted = await startScripted(held.script)
  await scripted.enqueue('production')
  await scripted.enqueue('production')
  await until(() => scripted.calls.includes('buildRelease 1'))
  await deployment(1).terminate('operator')
  held.let(1)
  held.let(2)
  await until(() => ended().length === 2)
  expect(scripted.calls).toContain('settleTerminated 1')
  expect(scripted.outcomes[0]).toMatchObject({
    status: 'FAILED',
    compensation: 'DONE',
    failure: { code: 'Terminated', step: null },
  })
  expect(ended()[1]).toBe('production 2 SUCCEEDED')
})

test('a terminated deployment whose switch had happened stays live', async () => {
  const held = gate()
  scripted = await startScripted({ ...held.script, settleTerminated: () => ({ live: true }) })
  await scripted.enqueue('production')
  await until(() => scripted.calls.includes('buildRelease 1'))
  await deployment(1).terminate('operator')
  held.let(1)
  await until(() => ended().length === 1)
  expect(ended()).toEqual(['production 1 SUCCEEDED'])
})

test('rotates while a deployment runs, awaits it in the next run, and keeps order and numbers', async () => {
  const held = gate()
  scripted = await startScripted(held.script)
  await scripted.enqueue('production')
  await scripted.enqueue('production')
  await until(() => scripted.calls.includes('buildRelease 1'))
  const before = (await lane().describe()).runId
  await lane().signal(signalNames.rotateLane)
  await until(async () => (await lane().describe()).runId !== before)
  expect(await scripted.enqueue('production')).toMatchObject({ number: 3 })
  expect(scripted.calls).not.toContain('checkReadiness 2')
  for (const number of [1, 2, 3]) held.let(number)
  await until(() => ended().length === 3)
  expect(ended()).toEqual([1, 2, 3].map((number) => `production ${number} SUCCEEDED`))
  expect(scripted.calls.filter((call) => call.startsWith('checkReadiness'))).toHaveLength(3)
})

test('a terminated lane does not take its deployment with it, and the next lane waits for that one', async () => {
  const held = gate()
  scripted = await startScripted(held.script)
  await scripted.enqueue('production')
  await until(() => scripted.calls.includes('buildRelease 1'))
  const [first] = await Promise.all([lane().query<QueueView>(queryNames.queue), lane().terminate('operator')])
  expect(first.running).not.toBeNull()
  const { numberFloor: _, ...request } = scripted.requestFor('production')
  const running = {
    ...request,
    number: 1,
    releaseNumber: 1,
    deploymentId: deploymentId(scripted.service, 'production', 1),
  }
  scripted.recovered['production'] = { lastNumber: 1, waiting: [], running, recent: [] }
  expect(await scripted.enqueue('production', { numberFloor: 2 })).toMatchObject({ number: 2 })
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(scripted.calls).not.toContain('checkReadiness 2')
  held.let(1)
  held.let(2)
  await until(() => ended().length === 2)
  expect(ended()).toEqual(['production 1 SUCCEEDED', 'production 2 SUCCEEDED'])
})

test('one that was terminated in its migration is asked about', async () => {
  const held = gate()
  scripted = await startScripted({
    ...held.script,
    settleTerminated: () => ({ live: false, migrating: true }),
  })
  await scripted.enqueue('production')
  await until(() => scripted.calls.includes('buildRelease 1'))
  await deployment(1).terminate('operator')
  held.let(1)
  await until(() => ended().length === 1)
  expect(scripted.outcomes[0]).toMatchObject({
    failure: { code: 'MigrationOutcomeUnknown', step: 'migrate' },
  })
})

/** Few with a low threshold, which takes seconds; LANE_DEPLOYMENTS=1000 takes many with the real one. */
const many = Number(process.env['LANE_DEPLOYMENTS'] ?? 20)
const threshold = many > 100 ? 1_000 : 60

test(
  `${many} deployments leave a lane whose history is bounded`,
  { timeout: 60_000 + many * 2_000 },
  async () => {
    scripted = await startScripted()
    const runs = new Map<string, { events: number; bytes: number }>()
    for (let number = 1; number <= many; number++) {
      const rotating = { rotateAfterEvents: threshold }
      expect(await scripted.enqueue('production', {}, rotating)).toMatchObject({ number })
      await until(() => ended().length === number)
      const { runId, historyLength: events, historySize: bytes = 0 } = await lane().describe()
      runs.set(runId, { events, bytes })
    }
    expect(ended()).toEqual(Array.from({ length: many }, (_, at) => `production ${at + 1} SUCCEEDED`))
    expect(runs.size).toBeGreaterThan(1)
    const most = (what: 'events' | 'bytes') => Math.max(...runs.values().map((run) => run[what]))
    if (many > 100)
      process.stdout.write(`${runs.size} runs, of at most ${most('events')} events, ${most('bytes')} bytes\n`)
    // The threshold, and what the last deployment before it adds.
    expect(most('events')).toBeLessThan(threshold + 50)
    // Every run begins with what the one before it carried over, which must not grow either.
    expect(most('bytes')).toBeLessThan(1024 * 1024)
  },
)
