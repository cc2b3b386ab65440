import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeDurable } from '../adapters/files/durable.ts'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const workflowsPath = path.join(root, 'workflows', 'index.ts')

/**
 * The workflow code as one file, built when its sources or the SDK have changed: a prebuilt bundle starts a worker
 * in less than half the time. Its version must match the SDK exactly, so that is part of the key.
 */
export async function workflowBundle(cacheDirectory: string): Promise<{ codePath: string }> {
  const codePath = path.join(cacheDirectory, `workflows-${await sourceHash()}.js`)
  if (await stat(codePath).catch(() => undefined)) return { codePath }
  const { bundleWorkflowCode } = await import('@temporalio/worker')
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: quiet })
  await mkdir(cacheDirectory, { recursive: true })
  // Durable, because a bundle that is there is never looked at again.
  await writeDurable(codePath, code)
  return { codePath }
}

const ignore = () => {}
const quiet = { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore }

async function sourceHash(): Promise<string> {
  const hash = createHash('sha256')
  const { version } = createRequire(import.meta.url)('@temporalio/workflow/package.json') as {
    version: string
  }
  hash.update(version)
  for (const folder of ['workflows', 'contract']) {
    for (const file of (await readdir(path.join(root, folder))).toSorted()) {
      hash.update(file).update(await readFile(path.join(root, folder, file)))
    }
  }
  return hash.digest('hex').slice(0, 16)
}
