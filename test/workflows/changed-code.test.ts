import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { bundleWorkflowCode } from '@temporalio/worker'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startScripted, until } from './scripted.ts'

const root = path.join(import.meta.dirname, '..', '..')
const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-workflows-'))
const ignore = () => {}
const quiet = { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore }

/** The workflows of today with one change of `deploy.ts`, bundled. */
async function changed(name: string, from: string, to: string): Promise<string> {
  const copy = path.join(folder, name)
  for (const part of ['workflows', 'contract', 'activities', 'package.json'])
    cpSync(path.join(root, part), path.join(copy, part), { recursive: true })
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'))
  const file = path.join(copy, 'workflows', 'deploy.ts')
  const text = readFileSync(file, 'utf8')
  expect(text).toContain(from)
  writeFileSync(file, `import { patched, sleep } from '@temporalio/workflow'\n${text.replace(from, to)}`)
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(copy, 'workflows', 'index.ts'),
    logger: quiet,
  })
  const codePath = path.join(folder, `${name}.js`)
  writeFileSync(codePath, code)
  return codePath
}

const fetching = `await step('fetch', () => on.fetchSource(input))`
let withPatch: string
let withoutPatch: string
beforeAll(async () => {
  withPatch = await changed('patched', fetching, `if (patched('rest-first')) await sleep(1)\n    ${fetching}`)
  withoutPatch = await changed('unpatched', fetching, `await sleep(1); void patched\n    ${fetching}`)
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let scripted: Awaited<ReturnType<typeof startScripted>>
afterEach(() => scripted.stop())

/** A deployment that is in its build when the worker gets other code. */
async function inBuildWith(codePath: string) {
  let open = false
  scripted = await startScripted({ buildRelease: () => until(() => open) })
  await scripted.enqueue('production')
  await until(() => scripted.calls.includes('buildRelease 1'))
  await scripted.changeWorkflows(codePath)
  open = true
}

test('a worker with changed code goes on with a deployment that is under way', async () => {
  await inBuildWith(withPatch)
  await until(() => scripted.outcomes.length > 0)
  expect(scripted.outcomes).toMatchObject([{ status: 'SUCCEEDED' }])
  expect(scripted.calls.filter((call) => call.startsWith('fetchSource'))).toEqual(['fetchSource 1'])
  await scripted.enqueue('production')
  await until(() => scripted.outcomes.length > 1)
  expect(scripted.outcomes[1]).toMatchObject({ status: 'SUCCEEDED' })
})

test('a change without a patch is noticed: the deployment waits for the code that it began with', async () => {
  await inBuildWith(withoutPatch)
  const handle = scripted.client.workflow.getHandle(`deploy/${scripted.service}/production/1`)
  await until(async () => {
    const { events } = await handle.fetchHistory()
    return (events ?? []).some((event) => event.workflowTaskFailedEventAttributes)
  })
  expect(scripted.outcomes).toEqual([])
  await scripted.changeWorkflows(withPatch)
  await until(() => scripted.outcomes.length > 0)
  expect(scripted.outcomes).toMatchObject([{ status: 'SUCCEEDED' }])
})
