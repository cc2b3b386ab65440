import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ClosedRuns } from '../../adapters/jobs/detached/closed-runs.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'sluice-closed-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

test('an environment keeps the newest 500 marks', async () => {
  const closed = new ClosedRuns(directory)
  for (let n = 1; n <= 501; n++) {
    await closed.close(`shop/production/run/run-${n}`)
    if (n <= 2) utimesSync(path.join(directory, `shop/production/run/run-${n}`), n, n)
  }
  expect(readdirSync(path.join(directory, 'shop/production/run'))).toHaveLength(500)
  expect(await closed.isClosed('shop/production/run/run-1')).toBe(false)
  expect(await closed.isClosed('shop/production/run/run-2')).toBe(true)
})

test('runs may be closed while their environment is forgotten', async () => {
  const closed = new ClosedRuns(directory)
  const closing = Array.from({ length: 50 }, (_, n) => closed.close(`shop/production/run/run-${n}`))
  await Promise.all([...closing, closed.forget('shop', 'production')])
  await closed.forget('shop', 'production')
  expect(await closed.isClosed('shop/production/run/run-1')).toBe(false)
})

test('only a run that is named is closed', async () => {
  const closed = new ClosedRuns(directory)
  for (const id of ['shop', 'shop/production/', 'shop/production/7/build', 'shop/production/run'])
    await closed.close(id)
  expect(readdirSync(directory)).toEqual([])
})
