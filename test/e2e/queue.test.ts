import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import path from 'node:path'
import { expect, test } from 'vitest'
import { temporalBinary } from '../../stack/temporal-binary.ts'
import { find, finished, makeService, until } from './service.ts'
import type { Sluice } from './sluice.ts'
import { useSluice } from './use-sluice.ts'

const run = promisify(execFile)
let sluice: Sluice
const root = useSluice((started) => {
  sluice = started
})

test('ten deployments posted at once run one at a time, in order', { timeout: 120_000 }, async () => {
  const service = await makeService(sluice, root.directory, 'ten')
  const started = await Promise.all(Array.from({ length: 10 }, () => service.start()))
  const ended = await Promise.all(started.map(({ id }) => finished(sluice, id)))
  const inOrder = ended.toSorted((a, b) => a.number - b.number)
  expect(inOrder.map(({ number, status }) => `${number} ${status}`)).toEqual(
    Array.from({ length: 10 }, (_, at) => `${at + 1} SUCCEEDED`),
  )
  for (const [at, one] of inOrder.entries()) {
    const next = inOrder[at + 1]
    if (next) expect(Date.parse(next.startedAt!)).toBeGreaterThanOrEqual(Date.parse(one.finishedAt!))
  }
  const now = await Promise.all(inOrder.map(({ id }) => find(sluice, id)))
  expect(now.filter(({ live }) => live).map(({ number }) => number)).toEqual([10])
})

test('different environments run side by side', { timeout: 60_000 }, async () => {
  const service = await makeService(sluice, root.directory, 'side')
  const variables = { COUNT_FILE: '/dev/null', HOLD_build: '3' }
  for (const name of ['production', 'staging', 'preview']) await service.environment(name, { variables })
  const started = await Promise.all(['production', 'staging', 'preview'].map((name) => service.start(name)))
  const ended = await Promise.all(started.map(({ id }) => finished(sluice, id)))
  const lastStart = Math.max(...ended.map(({ startedAt }) => Date.parse(startedAt!)))
  const firstEnd = Math.min(...ended.map(({ finishedAt }) => Date.parse(finishedAt!)))
  expect(lastStart).toBeLessThan(firstEnd)
  for (const name of ['production', 'staging', 'preview'])
    expect(await service.get('/', name)).toMatchObject({ text: 'v1' })
})

test('fifty posts at once are all accepted', { timeout: 60_000 }, async () => {
  const service = await makeService(sluice, root.directory, 'fifty')
  await service.environment('production', { variables: { COUNT_FILE: '/dev/null', HOLD_build: '30' } })
  const started = await Promise.all(Array.from({ length: 50 }, () => service.start()))
  expect(started.map(({ number }) => number).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 50 }, (_, at) => at + 1),
  )
  for (const { id } of started.toReversed()) await sluice.api('POST', `/v1/deployments/${id}/cancel`, {})
  const ended = await Promise.all(started.map(({ id }) => finished(sluice, id)))
  expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(['CANCELED']))
})

test("Temporal's visibility finds the failed deployments of a service", { timeout: 60_000 }, async () => {
  const service = await makeService(sluice, root.directory, 'seek')
  await service.deploy()
  service.repository.commit({ 'step.sh': 'exit 1\n' })
  const failed = await service.deploy()
  expect(failed.status).toBe('FAILED')
  const binary = await temporalBinary({ toolsDirectory: path.join(sluice.home, 'tools'), say: () => {} })
  const query = "DeploymentStatus='FAILED' and Service='seek'"
  await until(async () => {
    const args = [
      'workflow',
      'list',
      '--query',
      query,
      '--address',
      sluice.temporalAddress,
      '--output',
      'json',
    ]
    const { stdout } = await run(binary, args)
    const found = JSON.parse(stdout) as { execution: { workflowId: string } }[]
    return found.length === 1 && found[0]!.execution.workflowId === failed.workflowId
  })
})
