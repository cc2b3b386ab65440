import type { TestProject } from 'vitest/node'
import path from 'node:path'
import { workflowBundle } from '../worker/bundle.ts'
import { startTemporalServer } from './temporal-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    temporalAddress: string
    workflowBundle: string
  }
}

/** One Temporal server and one workflow bundle for all files that need them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [server, bundle] = await Promise.all([
    startTemporalServer(),
    workflowBundle(path.join(import.meta.dirname, '..', '.cache')),
  ])
  project.provide('temporalAddress', server.address)
  project.provide('workflowBundle', bundle.codePath)
  return () => server.stop()
}
