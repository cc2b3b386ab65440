// All benchmarks in one run, written to bench/results: figures are compared within a run, never across machines.
import { mkdirSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { repositoryRoot } from '../test/e2e/repository.ts'
import { startSluice } from '../test/e2e/sluice.ts'
import { benchOverhead, benchSecondInstall } from './deploy.ts'
import { benchMemory } from './memory.ts'
import { benchRouter } from './router.ts'
import { benchStart } from './start.ts'

const folder = path.join(import.meta.dirname, 'results')
const results: Record<string, unknown> = {
  machine: { cpus: os.cpus().length, model: os.cpus()[0]?.model, node: process.version },
}

results['start'] = await step('start', benchStart)
const root = repositoryRoot()
const sluice = await startSluice({ env: { SLUICE_SOURCE_ROOTS: root.directory } })
try {
  results['overhead'] = await step('overhead', () => benchOverhead(sluice, root.directory))
  results['secondInstall'] = await step('secondInstall', () => benchSecondInstall(sluice, root.directory))
  results['memoryMb'] = await step('memoryMb', async () => benchMemory(sluice))
} finally {
  await sluice.stop()
  root.remove()
}
results['router'] = await step('router', benchRouter)

mkdirSync(folder, { recursive: true })
writeFileSync(path.join(folder, 'latest.json'), `${JSON.stringify(results, null, 2)}\n`)
process.exit(0)

async function step(name: string, run: () => Promise<unknown>): Promise<unknown> {
  process.stderr.write(`${name} …\n`)
  const result = await run()
  process.stdout.write(`${name} ${JSON.stringify(result, null, 2)}\n`)
  return result
}
